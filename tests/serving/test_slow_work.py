"""Long work leaves the server free for quick requests, and ends when nobody waits for it any more."""

import asyncio
import os
import sys
import threading

import pytest
import torch
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from eyespot.explanations import explain
from eyespot.progress import listening, report
from eyespot.serving import _explain_api as explain_api
from eyespot.serving._slow_work import Cancelled, SlowWorker
from eyespot.serving.app import make_app
from eyespot.serving.app_state import AppState
from eyespot.serving.resources import ModelResource

from .conftest import HERE, IMAGES, small_model

LONG = 300


class Client:
    """A request whose client closes the connection when the test wants it to."""

    def __init__(self):
        self.gone = False

    async def is_disconnected(self):
        return self.gone


@pytest.fixture
def shown():
    return ModelResource(name="bees", model=small_model())


def test_four_slow_explanations_leave_prediction_free(png, shown, monkeypatch):
    begun, release = threading.Event(), threading.Event()

    def slow(*_given, **_named):
        begun.set()
        assert release.wait(LONG)
        raise HTTPException(400, "released")

    monkeypatch.setattr(explain_api, "explain", slow)
    with TestClient(make_app([shown]), base_url=HERE) as client:
        statuses = []
        ask = lambda: statuses.append(client.post("/api/models/0/explain", content=png).status_code)  # noqa: E731
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert begun.wait(LONG)
        assert client.post("/api/models/0/predict", content=png).status_code == 200
        assert client.post("/api/uploads").status_code == 409  # answered, by a server that takes no uploads
        assert not statuses
        release.set()
        for thread in threads:
            thread.join(LONG)
    assert statuses == [400] * 4


def test_work_ends_at_its_next_forward_pass_when_the_client_is_gone(shown):
    client, begun, ended = Client(), threading.Event(), threading.Event()

    def work(own):
        begun.set()
        try:
            while True:
                own.model.network(torch.zeros(1, *IMAGES.shape))
        except Cancelled:
            ended.set()
            raise

    async def ask_and_leave():
        state = AppState(models=[shown])
        asked = asyncio.create_task(state.work(client, shown, work))
        await asyncio.to_thread(begun.wait, LONG)
        client.gone = True
        with pytest.raises(HTTPException) as refused:
            await asked
        assert await asyncio.to_thread(ended.wait, LONG)
        return refused.value.status_code, await state.work(Client(), shown, lambda own: own.name)

    assert asyncio.run(ask_and_leave()) == (499, "bees")


def test_progress_is_that_of_the_running_work_which_ends_at_its_next_report(shown):
    client, begun, go_on, ended = Client(), threading.Event(), threading.Event(), threading.Event()

    def work(own):
        report(3, 8)
        begun.set()
        assert go_on.wait(LONG)
        try:
            while True:
                report(4, 8)
        except Cancelled:
            ended.set()
            raise

    async def ask_and_leave():
        state = AppState(models=[shown])
        before = state.slow.progress()
        asked = asyncio.create_task(state.work(client, shown, work))
        await asyncio.to_thread(begun.wait, LONG)
        during = state.slow.progress()
        client.gone = True
        with pytest.raises(HTTPException):
            await asked
        go_on.set()
        assert await asyncio.to_thread(ended.wait, LONG)
        await state.work(Client(), shown, lambda own: own.name)  # after it, in the same thread
        return before, during, state.slow.progress()

    before, during, after = asyncio.run(ask_and_leave())
    assert (during.running, during.done, during.total) == (True, 3, 8) and during.seconds > 0
    assert not before.running and not after.running and after.done is None


def test_an_explanation_reports_its_progress_and_the_server_is_idle_afterwards(png, shown):
    steps = []
    with listening(lambda done, total: steps.append((done, total))):
        explain(shown.model, png, "occlusion", patch=4, stride=4)
    assert steps[-1] == (6, 6)
    with TestClient(make_app([shown]), base_url=HERE) as client:
        assert client.get("/api/work").json() == {"running": False, "seconds": 0, "done": None, "total": None}


def test_waiting_work_of_a_client_that_is_gone_is_never_begun(shown):
    release, gone, done = threading.Event(), Client(), []
    gone.gone = True

    async def one_waits_behind_another():
        worker = SlowWorker()
        first = asyncio.create_task(worker.run(Client(), lambda: release.wait(LONG)))
        await asyncio.sleep(0)
        with pytest.raises(HTTPException):
            await worker.run(gone, lambda: done.append("begun"))
        release.set()
        await first

    asyncio.run(one_waits_behind_another())
    assert done == []


def test_the_served_model_is_not_the_one_that_slow_work_hooks(shown):
    own = asyncio.run(AppState(models=[shown]).work(Client(), shown, lambda own: own))
    assert own.model.network is not shown.model.network and not shown.model.network._forward_pre_hooks
    x = torch.rand(2, *IMAGES.shape)
    assert torch.equal(own.model.network(x), shown.model.network(x))


def test_a_copy_is_made_when_nothing_is_recorded(shown):
    """Otherwise it fails on dictionaries that change, or holds hooks of the recording."""
    recording, release = threading.Event(), threading.Event()

    def quick():
        handle = shown.model.network.register_forward_hook(lambda *_arguments: None)
        recording.set()
        assert release.wait(LONG)
        handle.remove()

    async def ask_while_recording():
        state = AppState(models=[shown])
        quickly = asyncio.create_task(state.compute(quick))
        await asyncio.to_thread(recording.wait, LONG)
        slowly = asyncio.create_task(state.work(Client(), shown, lambda own: own.model.network._forward_hooks))
        await asyncio.wait({slowly}, timeout=0.2)
        release.set()
        await quickly
        return await slowly

    assert not asyncio.run(ask_while_recording())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
def test_long_work_has_a_lower_priority_than_the_threads_that_answer_requests():
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert SlowWorker()._thread.submit(priority).result() == min(19, priority() + 10)
    assert AppState()._computing.submit(priority).result() == priority()
