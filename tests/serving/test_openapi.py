"""Schemathesis asks everything that the description of the API allows, and much that it does not; nothing may fail."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from eyespot.attacks import ATTACKS
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource, RunResource
from eyespot.sources import open_source

from ..page.real import serving
from .conftest import small_model

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
described = pytest.importorskip("schemathesis.specs.openapi.checks")

MUCH = {"queries": 20, "steps": 2, "pixels": 2, "wait": 0}
"""Choices that only ask for more of the same work, and what they are cut to: all that is allowed would take minutes."""
EXAMPLES = 8
CHECKS = [
    schemathesis.checks.not_a_server_error,
    described.status_code_conformance,
    described.content_type_conformance,
    described.response_schema_conformance,
]


@pytest.fixture(scope="module")
def schema(run_folder):
    whole = open_source("synthetic:shapes")
    train, validation, test = (replace(part, rows=part.rows[:8]) for part in whole.parts)
    source = replace(whole, train=train, validation=validation, test=test)
    model = ModelResource(name="bees", model=small_model(), rows=source.rows)
    app = make_app([model], [RunResource(name="bees", folder=run_folder, model=0)], [source])
    with serving(app) as address:
        yield schemathesis.openapi.from_url(f"{address}openapi.json")


def cut(query):
    """Ask for less of what only takes time; a search that names no number of queries gets one."""
    if "queries" in getattr(ATTACKS.get(query.get("by", "pixel-search")), "defaults", ()):
        query.setdefault("queries", MUCH["queries"])
    for name, most in MUCH.items():
        if isinstance(query.get(name), int | float) and query[name] > most:
            query[name] = most


QUESTIONS = [(path, method) for path, methods in make_app().openapi()["paths"].items() for method in methods]


@pytest.mark.parametrize(("path", "method"), QUESTIONS)
def test_every_question_is_answered_as_described_and_none_makes_the_server_fail(schema, path, method):
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=schema[path][method].as_strategy())
    def ask(case):
        cut(case.query or {})
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            assert response.json()["error"].strip()

    ask()
