"""The page learns from the server which tasks there are."""

from starlette.testclient import TestClient

from eyespot.serving.app import make_app
from eyespot.tasks import TASKS

from .conftest import HERE


def test_every_task_is_described():
    described = TestClient(make_app(), base_url=HERE).get("/api/tasks").json()["tasks"]
    assert [one["name"] for one in described] == list(TASKS)
    by_name = {one["name"]: one for one in described}
    assert by_name["classify"]["metric"] == {"name": "accuracy", "better": "higher", "unit": ""}
    assert by_name["classify"]["columns"] == ["label"] and by_name["classify"]["output"] == "vector"
    assert by_name["denoise"]["metric"]["unit"] == "dB" and by_name["denoise"]["output"] == "map"
    assert all(one["question"].endswith((".", "?")) and one["report"] for one in described)
