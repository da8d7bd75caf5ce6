"""A study trains ordinary runs, resumes, reads test scores for the front alone, and is written down."""

import json

import pytest

from eyespot.cli._app import run
from eyespot.errors import RunError
from eyespot.measures._latency import timing
from eyespot.sources.synthetic import shapes
from eyespot.studies import _candidates, tradeoff
from eyespot.studies import _tradeoff as module
from eyespot.studies._candidates import Candidate, find_candidates
from eyespot.tasks import TASKS
from eyespot.training import TrainOptions

FAST, SLOW = "conv 2@3x3 stride 2, relu, flatten, dense", "conv 8@3x3 stride 2, relu, flatten, dense"
MINUTES = 0.002


def candidate(key, network, milliseconds):
    options = {"network": network, "start": "scratch", "precision": "float32"}
    return Candidate(
        key=key,
        options=options,
        milliseconds=milliseconds,
        p95=milliseconds,
        size=1000,
        parameters=250,
        multiply_adds=9,
    )


@pytest.fixture
def found(monkeypatch):
    """Two candidates with costs that do not depend on the machine; how often they were looked for."""
    calls = []

    def find(source, options):
        calls.append(options)
        return [candidate("fast", FAST, 1.0), candidate("slow", SLOW, 4.0)], {"p50": 1.0, "p95": 1.1}

    monkeypatch.setattr(module, "find_candidates", find)
    return calls


def test_a_study_is_interrupted_resumed_and_written(tmp_path, found, monkeypatch):
    source, trained = shapes(count=80, size=16), []
    ordinary = module.run_training

    def interrupted(source, options, folder, *others):
        trained.append(folder.name)
        if trained == ["1-fast", "1-slow"]:
            raise KeyboardInterrupt
        return ordinary(source, options, folder, *others)

    monkeypatch.setattr(module, "run_training", interrupted)
    keywords = {"out": tmp_path / "study", "budget": "10ms", "minutes": MINUTES}
    with pytest.raises(KeyboardInterrupt):
        tradeoff(source, **keywords)
    before = (tmp_path / "study" / "runs" / "1-fast" / "result.json").stat().st_mtime_ns
    study = tradeoff(source, **keywords)
    assert (tmp_path / "study" / "runs" / "1-fast" / "result.json").stat().st_mtime_ns == before
    assert len(found) == 1  # latencies are measured once
    assert {point.candidate.key for point in study.points} == {"fast", "slow"}
    assert study.within and study.recommended in ("fast", "slow")
    assert all((point.test is not None) == point.front for point in study.points)
    assert study.command.startswith("eyespot train ") and "--network 'conv" in study.command
    assert json.loads((tmp_path / "study" / "study.json").read_text())["recommended"] == study.recommended
    page = (tmp_path / "study" / "index.html").read_text()
    assert study.recommended in page and "Pareto front" in page and "<script" not in page
    with pytest.raises(RunError, match="has another study"):
        tradeoff(source, **{**keywords, "budget": "9ms"})


def test_what_is_far_beyond_the_budget_is_not_trained(tmp_path, found):
    study = tradeoff(shapes(count=80, size=16), out=tmp_path, budget="0.4ms", minutes=MINUTES)
    assert study.left_out == ("slow",) and not study.within
    assert study.recommended == "fast" and "2.50 times over it" in study.reason


def test_candidates_are_those_that_fit_the_task_each_once(monkeypatch):
    steady = timing([0.001] * 20)
    monkeypatch.setattr(_candidates, "SIZES", ("tiny", "small"))
    monkeypatch.setattr(_candidates, "compare_latency", lambda models, *_: (dict.fromkeys(models, steady), steady))
    found, reference = find_candidates(shapes(count=40, size=24), TrainOptions(task="classify"))
    names = [each.key for each in found]
    assert "residual-tiny-24x24-scratch" in names and "residual-tiny-12x12-scratch" in names
    assert not [name for name in names if name.startswith(("unet", "denoiser", "dcgan"))]
    costs = {each.key: each.multiply_adds for each in found}
    assert costs["residual-tiny-24x24-scratch"] < costs["residual-small-24x24-scratch"]
    assert all(each.milliseconds == 1.0 and each.size == 4 * each.parameters for each in found)
    assert reference == {"p50": 1.0, "p95": 1.0}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--budget", "soon"], "budget part 'soon' cannot be read"),
        (["--minutes", "0"], "minutes is 0"),
        (["--task", "generate"], "is not supported by trade-off studies"),
        (["--task", "clasify"], "Did you mean 'classify'"),
    ],
)
def test_invalid_input_is_one_sentence(tmp_path, capsys, words, message):
    assert run(["tradeoff", "synthetic:shapes", "--out", str(tmp_path / "study"), *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert not (tmp_path / "study").exists()


def test_no_task_that_answers_images_is_refused():
    assert [name for name, task in TASKS.items() if "predict" in task.unsupported] == ["generate"]
