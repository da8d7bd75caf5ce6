"""Only the page itself, on this machine, is let in; and only so much of it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

from eyespot.serving import _guard as guard_module
from eyespot.serving._guard import SMALL, Guard, is_here

from .conftest import HERE


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8791", "localhost", "LOCALHOST:1", "[::1]", "[::1]:8791"])
def test_names_of_this_machine_are_let_in(client, host):
    assert is_here(host, "127.0.0.1")
    assert client.get("/api/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8791", "me@127.0.0.1", "127.0.0.1@evil.example",
     "127.0.0.1/evil", "127.0.0.1:port", "127.0.0.1:", "192.168.0.7", "0.0.0.0", "", "[::1", "127.0.0.1 evil"],
)  # fmt: skip
def test_other_names_are_refused_for_every_path(client, host):
    assert not is_here(host, "127.0.0.1")
    for path in ("/", "/api/models", "/openapi.json", "/api/nothing"):
        response = client.get(path, headers={"Host": host})
        assert response.status_code == 400 and "is not this server" in response.json()["error"]


def test_a_given_host_is_let_in_and_another_is_not():
    assert is_here("cnn.example:80", "cnn.example") and is_here("CNN.example", "cnn.example")
    assert not is_here("other.example", "cnn.example")


def test_a_server_for_every_address_takes_addresses_and_its_own_name_only(monkeypatch):
    monkeypatch.setattr(guard_module.socket, "gethostname", lambda: "desk")
    for host in ("0.0.0.0", "::"):
        assert is_here("192.168.0.7:80", host) and is_here("[fe80::1]:80", host) and is_here("desk", host)
        assert not is_here("evil.example", host)


@given(st.text(max_size=30))
def test_no_name_makes_the_check_fail(name):
    assert is_here(name, "127.0.0.1") in (True, False)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:81", ""])
def test_requests_of_other_sites_are_refused(client, method, origin):
    response = client.request(method, "/api/models/0/predict", headers={"Origin": origin})
    assert response.status_code == 403 and "may not use" in response.json()["error"]


def test_the_page_itself_may_ask(client, png):
    assert client.post("/api/models/0/pixels", content=png, headers={"Origin": HERE}).status_code == 200


def test_every_answer_says_what_the_page_may_load(client):
    for response in (
        client.get("/"),
        client.get("/api/models"),
        client.get("/x"),
        client.get("/", headers={"Host": "x"}),
    ):
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in response.headers


def test_a_body_that_says_to_be_too_large_is_refused_unread(client):
    headers = {"Content-Length": str((32 << 20) + 1)}
    response = client.post("/api/models/0/pixels", content=b"x", headers=headers)
    assert response.status_code == 413 and "33,554,433 bytes" in response.json()["error"]


def small_guard(app=None, most_bytes=10, seconds=5.0):
    async def echo(scope, receive, send):
        message = await receive()
        await PlainTextResponse(message["body"])(scope, receive, send)

    return Guard(app or echo, most_bytes=most_bytes, seconds=seconds)


def ask(guard, *messages, headers=(), method="POST"):
    """What a guard answers to a body that comes in parts: status and body."""
    return asyncio.run(asking(guard, *messages, headers=headers, method=method))


async def asking(guard, *messages, headers=(), method="POST"):
    waiting, sent = list(messages), []

    async def receive():
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": "/", "headers": [(b"host", b"127.0.0.1"), *headers],
    }  # fmt: skip
    await guard(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def part(body, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_parts_is_put_together():
    assert ask(small_guard(), part(b"abc"), part(b"def", more=False)) == (200, b"abcdef")


def test_a_body_that_grows_too_large_is_refused():
    status, told = ask(small_guard(), part(b"12345678"), part(b"12345678", more=False))
    assert status == 413 and b"at most 10 bytes" in told


def test_a_length_that_is_no_number_is_not_believed():
    for length in (b"-1", b"x", "²".encode("latin-1"), b""):
        assert ask(small_guard(), part(b"ab", more=False), headers=[(b"content-length", length)]) == (200, b"ab")


def test_a_body_that_does_not_come_frees_its_place():
    status, told = ask(small_guard(seconds=0.01), part(b"a"))
    assert status == 408 and b"did not come" in told


def test_a_connection_that_closes_early_is_refused():
    status, _ = ask(small_guard(), part(b"a"), {"type": "http.disconnect"})
    assert status == 400


def test_two_hosts_are_refused():
    status, _ = ask(small_guard(), headers=[(b"host", b"127.0.0.1")], method="GET")
    assert status == 400


LARGE = SMALL + 1
CHUNKED = [(b"transfer-encoding", b"chunked")]


def test_of_200_uploads_at_once_few_are_held_and_none_is_lost():
    inside, most = 0, 0

    async def app(scope, receive, send):
        nonlocal inside, most
        body = (await receive())["body"]
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        await PlainTextResponse(body)(scope, receive, send)

    async def all_at_once():
        guard = Guard(app, most_bytes=LARGE, held_bytes=4 * LARGE)
        bodies = [part(b"%d" % number, more=False) for number in range(200)]
        return await asyncio.gather(*[asking(guard, body, headers=CHUNKED) for body in bodies])

    answers = asyncio.run(all_at_once())
    assert answers == [(200, b"%d" % number) for number in range(200)]
    assert 1 <= most <= 4


def test_a_small_body_does_not_wait_for_large_requests():
    release = asyncio.Event()

    async def app(scope, receive, send):
        body = (await receive())["body"]
        if body == b"large":
            await release.wait()
        await PlainTextResponse(body)(scope, receive, send)

    async def large_ones_then_a_small_one():
        guard = Guard(app, most_bytes=LARGE, held_bytes=4 * LARGE)
        large = [asyncio.create_task(asking(guard, part(b"large", more=False), headers=CHUNKED)) for _ in range(8)]
        await asyncio.sleep(0)
        small = await asking(guard, part(b"stop", more=False), headers=[(b"content-length", b"4")])
        waiting = sum(not task.done() for task in large)
        release.set()
        return small, waiting, await asyncio.gather(*large)

    small, waiting, large = asyncio.run(large_ones_then_a_small_one())
    assert small == (200, b"stop") and waiting == 8 and set(large) == {(200, b"large")}


def test_what_is_no_request_is_passed_on():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(small_guard(app)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
