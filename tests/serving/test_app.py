"""The application as a whole: the page, the description of the API, errors, and many requests at once."""

import asyncio
import json

import httpx
import pytest
from starlette.testclient import TestClient

from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource
from eyespot.sources.source import Row

from .conftest import HERE, small_model

SIZE = 3 * 12 * 10


@pytest.fixture
def static(tmp_path):
    """A built page, and a file beside it that is none of its own."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><html>the page</html>")
    (folder / "assets" / "index-1.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def test_the_built_page_is_at_the_top(static):
    client = TestClient(make_app(static=static), base_url=HERE)
    assert "the page" in client.get("/").text
    script = client.get("/assets/index-1.js")
    assert script.text == "1" and "immutable" in script.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/link.txt",
     "//etc/passwd", "/%2fetc/passwd", "/api/models/..%2f..%2fsecret.txt", "/api/runs/%2e%2e/log"],
)  # fmt: skip
def test_no_file_outside_the_page_is_reachable(static, path):
    client = TestClient(make_app(static=static), base_url=HERE)
    request = client.build_request("GET", "/")
    request.url = httpx.URL(HERE).copy_with(raw_path=path.encode())
    response = client.send(request)
    assert response.status_code >= 400 and "secret" not in response.text.replace("secret.txt", "")
    assert response.json()["error"]


def test_without_a_built_page_it_is_said_how_to_build_it(tmp_path):
    client = TestClient(make_app(static=tmp_path), base_url=HERE)
    response = client.get("/")
    assert response.status_code == 200 and "<html" in response.text and "make page" in response.text
    assert client.get("/other").status_code == 404


def test_every_route_of_the_api_is_described(client):
    told = client.get("/openapi.json").json()
    assert {path for path in told["paths"] if not path.startswith("/api/")} == set()
    assert len(told["paths"]) >= 14
    for path, methods in told["paths"].items():
        for method, one in methods.items():
            assert one["description"], f"{method} {path}"
            assert one["responses"]["404"]["content"]["application/json"]["schema"]["$ref"].endswith("/Refusal")
    assert told["info"]["title"] == "eyespot" and client.get("/docs").status_code == 404


def test_another_method_is_refused_with_a_sentence(client):
    response = client.delete("/api/models")
    assert response.status_code == 405 and response.json() == {"error": "DELETE is not allowed here.", "code": "method"}


def test_a_mistake_of_ours_is_told_without_its_details(app, monkeypatch):
    monkeypatch.setattr(ModelResource, "describe", lambda self: 1 / 0)
    client = TestClient(app, base_url=HERE, raise_server_exceptions=False)
    response = client.get("/api/models/0")
    assert response.status_code == 500 and "ZeroDivisionError" in response.json()["error"]
    assert "division by zero" not in response.text


def test_a_server_without_models_shows_none():
    client = TestClient(make_app(), base_url=HERE)
    assert client.get("/api/models").json() == {"models": []} and client.get("/api/runs").json() == {"runs": []}
    assert "there are none" in client.get("/api/models/0/manifest").json()["error"]


def test_only_models_that_were_given_can_be_asked(client, run_folder):
    for name in (str(run_folder / "model.safetensors"), "%2e%2e", "0%2f..%2f1", "1e0", "²"):
        assert client.get(f"/api/models/{name}/manifest").status_code in (404, 422)


def test_200_requests_at_once_are_all_answered_right(png):
    app = make_app([ModelResource(name="it", model=small_model())])
    pixels = [bytes([number]) * SIZE for number in range(200)]

    async def all_at_once():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            asked = [client.post("/api/models/0/calls/0", content=body) for body in pixels]
            return await asyncio.gather(*asked, client.get("/api/models/0/manifest"), client.get("/api/models"))

    *answers, manifest, models = asyncio.run(all_at_once())
    assert all(answer.status_code == 200 for answer in (*answers, manifest, models))
    shown = ModelResource(name="it", model=small_model())
    for body, answer in zip(pixels, answers, strict=True):
        assert answer.content == shown.outputs(body)[0].numpy().tobytes()


def test_only_the_calls_that_are_named_are_sent_in_their_order(client):
    pixels = bytes(range(SIZE % 256)) + bytes(SIZE - SIZE % 256)
    each = [client.post(f"/api/models/0/calls/{call}", content=pixels).content for call in (0, 2)]
    assert client.post("/api/models/0/calls", params={"only": "2,0"}, content=pixels).content == each[1] + each[0]
    assert client.post("/api/models/0/calls", params={"only": "0,999"}, content=pixels).status_code == 404
    assert client.post("/api/models/0/calls", params={"only": "0;1"}, content=pixels).status_code == 422


def test_numbers_that_are_none_are_null_and_never_nan(client):
    asked = {"by": "activations", "image": 0}
    answer = client.post("/api/models/0/explain", params=asked)
    assert answer.status_code == 200 and "null" in answer.text
    json.loads(answer.text, parse_constant=lambda name: pytest.fail(name))


def test_an_image_whose_name_is_no_text_is_listed_and_refused_with_a_sentence():
    row = Row(picture=b"no picture", name="caf\udce9.png", values={"label": "\udce9"}, location="")
    client = TestClient(make_app([ModelResource(name="it", model=small_model(), rows=[row])]), base_url=HERE)
    listed = client.get("/api/models/0/images").json()["images"]
    assert listed == [{"id": 0, "name": "caf\\xe9.png", "label": "\\xe9"}]
    response = client.get("/api/models/0/images/0")
    assert response.status_code == 400 and response.json()["error"].startswith("caf\\xe9.png: is not an image")
