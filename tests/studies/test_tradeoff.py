"""A study trains ordinary runs, resumes, reads test scores for the front alone, and is written down."""

import json
from dataclasses import replace

import pytest
import torch

from eyespot import html
from eyespot.cli._app import run
from eyespot.errors import ModelError, RunError
from eyespot.exporting import load_onnx
from eyespot.measures._latency import timing
from eyespot.model import Model, load
from eyespot.sources.synthetic import objects, shapes
from eyespot.studies import _candidates, _deployments, _memory, _rungs, tradeoff
from eyespot.studies import _tradeoff as module
from eyespot.studies._budget import Budget
from eyespot.studies._candidates import Candidate, Search, find_candidates
from eyespot.studies._rungs import Trainer, train_in_rungs
from eyespot.studies._selection import Point
from eyespot.tasks import TASKS
from eyespot.training import TrainOptions
from tests.conftest import draw_svg

FAST, SLOW = "conv 2@3x3 stride 2, relu, flatten, dense", "conv 8@3x3 stride 2, relu, flatten, dense"


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
        epochs=1.0,
        training_seconds=1.0,
    )


@pytest.fixture
def found(monkeypatch):
    """Two candidates with costs that do not depend on the machine; how often they were looked for."""
    calls = []

    def find(source, options, search):
        calls.append(options)
        return [candidate("fast", FAST, 1.0), candidate("slow", SLOW, 4.0)], {"p50": 1.0, "p95": 1.1}

    monkeypatch.setattr(module, "find_candidates", find)
    monkeypatch.setattr(_memory, "_measured", lambda point: 7_000_000)
    monkeypatch.setattr(html, "_svg", draw_svg)  # the drawings of these studies differ
    return calls


def test_a_study_is_interrupted_resumed_and_written(tmp_path, found, monkeypatch):
    source, trained = shapes(count=80, size=16), []
    ordinary = _rungs.run_training

    def interrupted(source, options, folder, *others):
        trained.append(folder.name)
        if trained == ["fast-1-epochs", "slow-1-epochs"]:
            raise KeyboardInterrupt
        return ordinary(source, options, folder, *others)

    monkeypatch.setattr(_rungs, "run_training", interrupted)
    keywords = {"out": tmp_path / "study", "budget": "10ms", "search": Search(backends=())}
    with pytest.raises(KeyboardInterrupt):
        tradeoff(source, **keywords)
    before = (tmp_path / "study" / "runs" / "fast-1-epochs" / "result.json").stat().st_mtime_ns
    study = tradeoff(source, **keywords)
    assert (tmp_path / "study" / "runs" / "fast-1-epochs" / "result.json").stat().st_mtime_ns == before
    assert len(found) == 1  # latencies are measured once
    assert {point.candidate.key for point in study.points} == {"fast", "slow"}
    assert study.within and study.recommended in ("fast", "slow")
    assert all((point.test is not None) == point.front for point in study.points)
    assert study.command.startswith("eyespot train ") and "--network 'conv" in study.command
    assert json.loads((tmp_path / "study" / "study.json").read_text())["recommended"] == study.recommended
    page = (tmp_path / "study" / "index.html").read_text()
    assert study.recommended in page and "Pareto front" in page and "<script" not in page
    assert page.count('<a href="#candidate-1"><title>slow: 4.00 ms, 0.00 MB, ') == 3  # in each drawing
    assert 'id="candidate-1"' in page and "peak memory" in page
    monkeypatch.setattr(_rungs, "run_training", ordinary)
    other = tradeoff(source, **{**keywords, "budget": "2ms"})
    assert other.recommended == "fast" and other.left_out == ()  # "slow" exceeds the budget by just a factor of two
    assert other.largest in ("fast", "slow") and 1 <= other.seconds / other.largest_seconds <= 2
    with pytest.raises(RunError, match="has another study"):
        tradeoff(source, **{**keywords, "search": Search(epochs=2, backends=())})


def test_halving_trains_longer_what_scored_better_and_stays_below_the_limit(tmp_path, monkeypatch):
    lengths, scores = {}, {"n0": 0.5, "n1": 0.9, "n2": 0.8, "n3": 0.7}
    candidates = [candidate(key, FAST, 1.0) for key in scores]
    trainer = Trainer(source=None, origin={"what": None}, task=None, folder=tmp_path, show=lambda entry: None)

    def trained(self, each, length, rung):
        lengths.setdefault(each.key, []).append(length)
        score = scores[each.key]
        return Point(candidate=each, score=score, standard_error=0.01, goodness=score, rung=rung, seconds=1, folder="")

    monkeypatch.setattr(Trainer, "train", trained)
    points = train_in_rungs(trainer, candidates, Budget(), 1.0, exhaustive=False)
    assert {each.candidate.key for each in points} == set(scores)
    assert lengths == {"n0": [0.3125], "n1": [0.3125, 1.0], "n2": [0.3125], "n3": [0.3125]}  # 4 x 0.3125 + 1 < 2.5
    lengths.clear()
    train_in_rungs(trainer, candidates, Budget(), 1.0, exhaustive=True)
    assert all(each == [1.0] for each in lengths.values())


def test_what_is_far_beyond_the_budget_is_not_trained(tmp_path, found):
    study = tradeoff(shapes(count=80, size=16), out=tmp_path, budget="0.4ms", search=Search(backends=()))
    assert study.left_out == ("slow",) and not study.within
    assert study.recommended == "fast" and "2.50 times over it" in study.reason


def test_candidates_are_those_that_fit_the_task_each_once(monkeypatch):
    steady = timing([0.001] * 20)
    monkeypatch.setattr(_candidates, "seconds_per_epoch", lambda *_: 0.5)
    monkeypatch.setattr(_candidates, "compare_latency", lambda models, *_: (dict.fromkeys(models, steady), steady))
    found, reference = find_candidates(
        shapes(count=40, size=24),
        TrainOptions(task="classify"),
        Search(sizes=("tiny", "small"), starts=("scratch",), epochs=4),
    )
    names = [each.key for each in found]
    assert "residual-tiny-24x24-scratch" in names and "residual-tiny-12x12-scratch" in names
    assert not [name for name in names if name.startswith(("unet", "denoiser", "dcgan"))]
    costs = {each.key: each.multiply_adds for each in found}
    assert costs["residual-tiny-24x24-scratch"] < costs["residual-small-24x24-scratch"]
    assert all(each.milliseconds == 1.0 and each.size == 4 * each.parameters for each in found)
    assert {(each.epochs, each.training_seconds) for each in found} == {(4, 2.0)}
    assert reference == {"p50": 1.0, "p95": 1.0}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--budget", "soon"], "budget part 'soon' cannot be read"),
        (["--minutes", "0"], "minutes is 0"),
        (["--networks", "residul"], "Did you mean 'residual'"),
        (["--sizes", "tiny,huge"], "Unknown size 'huge'"),
        (["--starts", "fresh"], "Unknown start 'fresh'"),
        (["--epochs", "0"], "epochs is 0.0"),
        (["--backends", "torch,tensorflow"], "Unknown backend 'tensorflow'"),
        (["--threads", "many"], "threads is 'many'; expected whole numbers"),
        (["--threads", "1,0"], "threads is 0; give whole numbers from 1 to 1024"),
        (["--budget", "5ms,2ms"], "limits the milliseconds twice"),
        (["--networks", "unet", "--starts", "scratch"], "No network fits this task"),
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


def test_a_study_measures_the_memory_of_a_model_once(tmp_path, monkeypatch):
    score = {"score": 0.5, "goodness": 0.5, "standard_error": 0.1, "rung": 0, "seconds": 1}
    point, measured = Point(candidate=candidate("fast", FAST, 1.0), folder=str(tmp_path), **score), []
    monkeypatch.setattr(_memory, "_measured", lambda point: measured.append(point.folder) or 5)
    for _ in range(2):
        [found] = _memory.with_memory([point], tmp_path)
        assert found.peak_memory == 5
    assert measured == [str(tmp_path)]


def test_depth_and_width_of_the_denoiser_and_heads_of_detect_are_compared(monkeypatch):
    steady = timing([0.001] * 20)
    monkeypatch.setattr(_candidates, "seconds_per_epoch", lambda *_: 0.5)
    monkeypatch.setattr(_candidates, "compare_latency", lambda models, *_: (dict.fromkeys(models, steady), steady))
    scratch = {"networks": ("denoiser",), "starts": ("scratch",)}
    found, _ = find_candidates(shapes(count=20, size=16), TrainOptions(task="denoise"), Search(**scratch))
    assert {each.options["size"] for each in found} == {"tiny", "small", "medium", *_candidates.SHAPES}
    source = objects(count=20, size=32)
    tiny = Search(networks=("residual",), sizes=("tiny",), starts=("scratch",))
    found, _ = find_candidates(source, TrainOptions(task="detect"), tiny)
    options = [(each.options.get("task"), each.options.get("input")) for each in found]
    heads = ("yolox", "ssd", "two-stage", "position-sensitive")
    tasks = ["detect:stride=16", *(f"detect:head={head}" for head in heads)]
    assert options == [(None, None), *((task, None) for task in tasks), (None, "16x16x3")]
    assert len({each.key for each in found}) == 7 and found[3].key == "residual-tiny-32x32-head=ssd-scratch"
    found, _ = find_candidates(source, TrainOptions(task="detect:stride=4"), tiny)
    assert all("task" not in each.options for each in found)  # as requested


def test_what_is_on_the_front_is_also_measured_in_onnx_runtime(tmp_path, found, monkeypatch):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    source, milliseconds = shapes(count=120, size=16), {"torch": 0.9, "onnx": 0.5, "int8": 0.1}
    timed = []

    def compared(files, part, threads, seconds):
        timed.append(threads)
        return {key: timing([milliseconds[key] / 1000] * 20) for key in files}

    monkeypatch.setattr(_deployments, "compare_backends", compared)
    search = Search(threads=(1, torch.get_num_threads() + 1))
    study = tradeoff(source, out=tmp_path, budget="1ms", search=search)
    names = [point.candidate.key for point in study.points]
    assert {"fast, onnx, 1 thread", "fast, int8, 1 thread"} <= set(names)
    one = next(point for point in study.points if point.candidate.key == "fast, int8, 1 thread")
    plain = next(point for point in study.points if point.candidate.key == "fast")
    file = load_onnx(one.deployment.file)
    assert file.evaluate(source.validation).score == pytest.approx(one.score)
    assert one.candidate.size == (tmp_path / "deployments" / "fast-1-epochs-int8.onnx").stat().st_size
    assert one.front and one.test["score"] == pytest.approx(file.evaluate(source.test).score)
    assert not plain.front  # dominated by the same weights in ONNX Runtime
    assert "&& eyespot export runs/recommended --onnx" in study.command and study.command.count("--onnx") == 1
    count = len(timed)
    again = tradeoff(source, out=tmp_path, budget="1ms", search=search)
    assert len(timed) == count and again.recommended == study.recommended  # measured once


def test_options_of_answers_are_measured_with_the_same_weights_and_beside_torch(tmp_path, found, monkeypatch):
    option, milliseconds, seen = "threshold=0.9", {"torch": 2.0, "threshold=0.9": 1.0}, []
    evaluate = Model.evaluate

    def compared(files, part, threads, seconds):
        seen.append({name: load(file).task.threshold for name, (_, file) in files.items()})
        return {key: timing([milliseconds[key] / 1000] * 20) for key in files}

    def evaluated(self, part):
        seen.append(part.name)
        return replace(evaluate(self, part), score=0.5)

    monkeypatch.setattr(_deployments, "compare_backends", compared)
    one = [candidate("fast", FAST, 1.0)], {"p50": 1.0, "p95": 1.1}
    monkeypatch.setattr(module, "find_candidates", lambda *_: one)
    monkeypatch.setattr(TASKS["classify"], "study_answers", ({"threshold": 0.9},))
    monkeypatch.setattr(Model, "evaluate", evaluated)
    search = Search(threads=(torch.get_num_threads(),), backends=("torch",))
    keywords = {"out": tmp_path, "search": search, "budget": "0.6ms"}
    study = tradeoff(shapes(count=80, size=16), **keywords)
    point = next(point for point in study.points if point.candidate.key == f"fast, {option}")
    # Torch took 1 ms when candidates were compared and takes 2 ms beside this option, which takes 1 ms: half as long.
    assert point.candidate.milliseconds == pytest.approx(0.5) and point.score == pytest.approx(0.5)
    assert point.front and point.test["score"] == 0.5
    assert study.recommended == point.candidate.key and f"--task classify:{option}" in study.command
    assert {"torch": 0.0, option: 0.9} in seen
    count = len(seen)
    assert tradeoff(shapes(count=80, size=16), **keywords).command == study.command and len(seen) == count


def test_without_onnxruntime_a_study_states_what_is_missing(tmp_path, found, monkeypatch):
    def missing(name):
        raise ModelError(f"'{name}' is not installed; ONNX files need: pip install 'eyespot[export]'")

    monkeypatch.setattr("eyespot.exporting._write.require", missing)
    study = tradeoff(shapes(count=80, size=16), out=tmp_path, search=Search(threads=(torch.get_num_threads(),)))
    assert {point.candidate.key for point in study.points} == {"fast", "slow"}
    assert all("pip install 'eyespot[export]'" in note for note in study.notes) and len(study.notes) == 2
