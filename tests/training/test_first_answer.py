"""The first answer of a fine-tuning: the probe's score comes before any step, and decides whether steps follow."""

import math

import pytest

from eyespot import resume, train
from eyespot.sources.synthetic import shapes
from eyespot.tasks.task import Metric
from eyespot.training import _first_answer as first_answer

HIGHER, LOWER = Metric(name="accuracy", better="higher"), Metric(name="mean_absolute_error", better="lower")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    run = train(
        shapes(seed=0, count=120), out=tmp_path_factory.mktemp("earlier") / "run", network="residual", size="tiny",
        start="scratch", epochs=2,
    )  # fmt: skip
    return str(run.folder / "model.safetensors")


@pytest.mark.parametrize(
    ("metric", "score", "error", "gain"),
    [
        (HIGHER, 0.9, 0.03, True),
        (HIGHER, 1.0, 0.0, False),
        (HIGHER, 0.99, math.sqrt(0.99 * 0.01 / 99), False),  # one wrong of 100 cannot be told from none
        (HIGHER, 0.98, math.sqrt(0.98 * 0.02 / 99), True),
        (HIGHER, math.nan, math.nan, True),
        (LOWER, 0.4, 0.1, True),
        (LOWER, 0.0, 0.0, False),
    ],
)
def test_a_gain_must_be_larger_than_one_standard_error(metric, score, error, gain):
    assert first_answer.has_headroom(metric, {"s": score, "s error": error}, "s") is gain


def notes_of(tmp_path, weights, **options):
    notes = []
    run = train(
        shapes(seed=1, count=240), out=tmp_path / "run", weights=weights, epochs=1, **options,
        show=lambda entry: notes.append(entry.get("note", f"step {entry.get('step')}")),
    )  # fmt: skip
    return run, notes


def test_the_probes_score_comes_before_the_first_step_with_the_time_of_the_rest(tmp_path, weights, monkeypatch):
    monkeypatch.setattr(first_answer, "has_headroom", lambda *_: True)
    run, notes = notes_of(tmp_path, weights)
    score = next(place for place, note in enumerate(notes) if note.startswith("probe: validation accuracy"))
    assert "start probe" in notes[score + 1] and "about" in notes[score + 1]
    assert notes.index("step 1") > score if "step 1" in notes else run.result["steps"] > 0


def test_fine_tuning_is_skipped_where_nothing_can_be_gained(tmp_path, weights, monkeypatch):
    monkeypatch.setattr(first_answer, "has_headroom", lambda *_: False)
    run, notes = notes_of(tmp_path, weights)
    assert run.result["steps"] == 0 and run.result["start"]["how"] == "probe"
    assert any("fine-tuning skipped" in note for note in notes)
    assert (run.folder / "report" / "index.html").exists() and resume(run.folder).result == run.result


def test_fine_tuning_that_was_requested_is_done(tmp_path, weights, monkeypatch):
    monkeypatch.setattr(first_answer, "has_headroom", lambda *_: False)
    run, _ = notes_of(tmp_path, weights, start="finetune")
    assert run.result["steps"] > 0
