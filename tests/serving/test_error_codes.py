"""Each error of the server has a code, and the page has a sentence for each code in both languages."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from eyespot import errors
from eyespot.serving._error_codes import CODES, OF_ERRORS, code_of
from eyespot.serving.app import make_app

from .conftest import HERE

PAGE = Path(__file__).parents[2] / "page" / "src"


def test_every_kind_of_error_has_the_code_of_its_kind():
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.EyespotError)}
    assert kinds - {errors.DivergedError} == set(OF_ERRORS)
    assert code_of(errors.DivergedError("loss is nan")) == "run"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/models/7", None, 404, "missing"),
        ("GET", "/api/nothing", None, 404, "missing"),
        ("DELETE", "/api/models", None, 405, "method"),
        ("GET", "/api/faces", None, 404, "gallery_missing"),
        ("GET", "/api/collection", None, 404, "collection_missing"),
        ("POST", "/api/runs", {}, 422, "parameter"),
        ("POST", "/api/uploads", {}, 409, "uploads_missing"),
        ("GET", "/api/layers?source=0&network=residul", None, 404, "missing"),
    ],
)
def test_an_error_names_its_reason_by_a_code(method, path, body, status, code):
    with TestClient(make_app(), base_url=HERE) as client:
        response = client.request(method, path, json=body)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text


def test_what_the_guard_refuses_has_a_code_too():
    with TestClient(make_app(), base_url="http://evil.example") as client:
        assert client.get("/api/models").json()["code"] == "host"
    with TestClient(make_app(), base_url=HERE) as client:
        assert client.get("/api/models", headers={"Origin": "http://evil.example"}).json()["code"] == "foreign"


def test_the_page_knows_every_code_and_has_a_german_sentence_for_it():
    known = re.search(r"ERROR_CODES = \[(.*?)\]", (PAGE / "lib" / "errorCodes.ts").read_text(), re.S)
    assert known and re.findall(r'"(\w+)"', known[1]) == sorted(CODES)
    german = re.findall(r"^  (\w+): detailed\(\s*\"[A-ZÄÖÜ]", (PAGE / "texts" / "errors.german.ts").read_text(), re.M)
    assert german == sorted(CODES)
