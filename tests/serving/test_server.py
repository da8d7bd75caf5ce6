"""The server listens where it is told, and says where that is."""

import socket
import threading
import time

import httpx
import pytest
import uvicorn

from eyespot.errors import EyespotError
from eyespot.serving import server as running
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource
from eyespot.serving.server import listen, run

from .conftest import small_model

SIZE = 3 * 12 * 10


def test_a_free_port_is_found_on_loopback():
    with listen("127.0.0.1", 0) as listening:
        host, port = listening.socket.getsockname()
        assert host == "127.0.0.1" and port > 0 and listening.address == f"http://127.0.0.1:{port}/"
        socket.create_connection((host, port), timeout=5).close()


def test_a_port_that_is_taken_is_refused_with_a_way_out():
    with listen("127.0.0.1", 0) as listening:
        port = listening.socket.getsockname()[1]
        with pytest.raises(EyespotError, match=rf"port {port} .*another port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a" * 70])
def test_a_host_that_is_not_this_machine_is_refused(host):
    with pytest.raises(EyespotError, match="Cannot listen on"):
        listen(host, 0)


def test_a_server_for_every_address_is_opened_on_loopback():
    with listen("0.0.0.0", 0) as listening:
        assert listening.address.startswith("http://127.0.0.1:")


@pytest.fixture
def served(monkeypatch):
    """A real server in a thread of its own, stopped in the end."""
    servers = []
    original = uvicorn.Server

    def remember(config):
        servers.append(original(config))
        return servers[-1]

    monkeypatch.setattr(running.uvicorn, "Server", remember)
    app = make_app([ModelResource(name="it", model=small_model())])
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=run, args=(app, listening, False))
        thread.start()
        yield listening.address
        until = time.monotonic() + 10
        while not servers and time.monotonic() < until:
            time.sleep(0.01)
        servers[0].should_exit = True
        thread.join(10)
        assert not thread.is_alive()


def test_200_connections_at_once_lose_nothing(served):
    limits = httpx.Limits(max_connections=200)
    with httpx.Client(base_url=served, limits=limits, timeout=30, trust_env=False) as client:
        sizes: list[int] = []

        def ask(number):
            response = client.post("api/models/0/calls/1", content=bytes([number]) * SIZE)
            sizes.append(len(response.content) if response.status_code == 200 else -response.status_code)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sizes == [4 * 4 * 10 * 8] * 200
        assert len(client.get("api/models/0/weights").content) % 4 == 0
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_the_page_is_opened_in_a_browser_where_wished(monkeypatch):
    opened = threading.Event()
    monkeypatch.setattr(running.webbrowser, "open", lambda address: opened.set())
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    with listen("127.0.0.1", 0) as listening:
        run(make_app(), listening, True)
        assert opened.wait(5)
