"""The loop: what owning it has to promise (a training is exact, and nothing is lost)."""

import itertools
import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from eyespot.device import ComputeConfig, World
from eyespot.errors import DivergedError, RecipeError, RunError
from eyespot.sources.randomness import hashed
from eyespot.tasks._classify import Classify
from eyespot.training import _loop as loop
from eyespot.training import run as running
from eyespot.training._run_folder import load_checkpoint, read_log
from eyespot.training.finish import validation_score


def weights(folder):
    return load_file(folder / "model.safetensors")


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def kill_after(step):
    """A `show` that ends the training the hard way once a step has been told."""

    def show(entry):
        if entry.get("step", 0) >= step:
            raise OSError("killed")

    return show


def test_it_learns(trained_run):
    result = trained_run(epochs=12).result
    assert result["score"] > 0.8
    assert result["count"] == 23


def test_the_loss_curve_is_the_same_to_full_digits(trained_run):
    first, second = trained_run("a"), trained_run("b")
    assert [line["loss"] for line in first.log] == [line["loss"] for line in second.log]
    assert same(weights(first.folder), weights(second.folder))


@pytest.mark.parametrize(
    ("step", "more"),
    [
        *((step, {}) for step in (1, 8, 11, 20)),
        *((11, more) for more in ({"robust": "noise"}, {"robust": "adversarial:size=0.1"})),
        (21, {"lookahead": True, "epochs": 6}),
    ],
)
def test_resumed_anywhere_it_ends_with_the_same_bits(trained_run, tmp_path, step, more):
    options = {"augment": "small", **more}
    straight = trained_run("straight", **options)
    with pytest.raises(OSError, match="killed"):
        trained_run("broken", kill_after(step), **options)
    trained_run("broken", **options)
    assert same(weights(straight.folder), weights(tmp_path / "broken"))
    lines = [
        [(line["step"], line["loss"]) for line in read_log(tmp_path / name / "log.jsonl")]
        for name in ("straight", "broken")
    ]
    assert lines[0] == lines[1]


def test_dropout_is_seeded_by_seed_step_and_piece(trained_run, monkeypatch):
    seeds = []
    monkeypatch.setattr(ComputeConfig, "seed", lambda _, number: seeds.append(number))
    trained_run("a", epochs=1, micro_batches=2)
    trained_run("b", epochs=1, micro_batches=2, seed=1)
    assert len(seeds) == len(set(seeds)) == 2 * 2 * 8
    assert seeds[0] == int(hashed(0, 0, 0, 0)[0]) >> 1


def test_a_log_line_cut_off_after_an_inner_brace_does_not_block_resume(trained_run, tmp_path):
    straight = trained_run("straight")
    with pytest.raises(OSError, match="killed"):
        trained_run("broken", kill_after(11))
    path = tmp_path / "broken" / "log.jsonl"
    whole = path.read_text()
    path.write_text(whole + '{"step": 12, "training": {"accuracy": 0.5}')
    assert read_log(path) == [json.loads(line) for line in whole.splitlines()]
    trained_run("broken")
    assert [line["loss"] for line in read_log(path)] == [line["loss"] for line in straight.log]


def test_the_result_names_the_validation_score_of_the_chosen_weights(trained_run):
    run = trained_run(epochs=4)
    chosen = [line["validation"] for line in run.log if "validation" in line]
    found = run.result["validation"]
    assert found["name"] == "accuracy"
    assert (found["value"], found["standard_error"]) in [(one["accuracy"], one["accuracy error"]) for one in chosen]


@pytest.mark.parametrize("validation", [{}, {"accuracy": math.nan, "accuracy error": 0.0}])
def test_without_validation_images_there_is_no_validation_score(validation):
    assert validation_score(Classify(classes=("a", "b")), validation) is None


def test_a_report_that_fails_leaves_the_model_and_is_written_by_the_next_call(trained_run, monkeypatch, tmp_path):
    def fails(*_):
        raise ZeroDivisionError("no ink")

    with monkeypatch.context() as patch:
        patch.setattr("eyespot.training.finish.write_report", fails)
        with pytest.raises(RunError, match=r"model is saved in model\.safetensors.*ZeroDivisionError: no ink"):
            trained_run()
    assert weights(tmp_path / "run")
    assert not (tmp_path / "run" / "result.json").exists()
    run = trained_run()
    assert run.result["resumed_from"] == run.result["steps"]
    assert (run.folder / "report" / "index.html").exists()


def test_decoding_threads_change_nothing(trained_run, monkeypatch):
    first = trained_run("a")
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert same(weights(first.folder), weights(trained_run("b").folder))


def test_a_batch_in_pieces_gives_the_same_weights(trained_run):
    text = "conv 4@3x3 same, relu, maxpool 2, flatten, dense"
    whole = trained_run("whole", network=text, batch=32)
    micro_batches = trained_run("micro_batches", network=text, batch=32, micro_batches=4)
    for name, value in weights(whole.folder).items():
        torch.testing.assert_close(weights(micro_batches.folder)[name], value, atol=2e-5, rtol=0)
    for one, other in zip(whole.log, micro_batches.log, strict=True):
        assert other["loss"] == pytest.approx(one["loss"], abs=1e-4)
        assert other["training"]["accuracy"] == pytest.approx(one["training"]["accuracy"], abs=1e-6)


@pytest.mark.parametrize("micro_batches", [1, 2])
def test_a_training_score_is_the_mean_of_those_that_count(trained_run, monkeypatch, micro_batches):
    halves = torch.tensor([0.25, math.nan])
    monkeypatch.setattr(
        Classify, "score", lambda _, output, target: {"accuracy": halves[torch.arange(len(target)) % 2]}
    )
    assert {line["training"]["accuracy"] for line in trained_run("some", micro_batches=micro_batches).log} == {0.25}
    halves[:] = math.nan
    assert {line["training"]["accuracy"] for line in trained_run("none", micro_batches=micro_batches).log} == {None}


def test_float16_is_refused_since_its_small_gradients_would_need_scaling(trained_run):
    with pytest.raises(RecipeError, match=r"float16.*bfloat16"):
        trained_run(precision="float16")


def test_bfloat16_trains_and_keeps_weights_in_float32(trained_run):
    found = weights(trained_run(precision="bfloat16").folder)
    assert {value.dtype for value in found.values()} == {torch.float32}


def test_the_learning_rate_is_that_of_the_step(trained_run):
    run = trained_run()
    recipe = running.read_recipe(run.folder / "recipe.json")
    assert [line["rate"] for line in run.log] == [recipe.rate_at(line["step"] - 1) for line in run.log]


def test_validation_leaves_weights_statistics_and_random_numbers_as_they_were(source, trained_run):
    run = trained_run(network="residual", size="tiny")
    recipe = running.read_recipe(run.folder / "recipe.json")
    training, state = running.prepare(source, recipe, run.folder, World())
    before = {name: value.clone() for name, value in state.network.state_dict().items()}
    average = {name: value.clone() for name, value in state.average.state_dict().items()}
    state.network.train()
    random = torch.get_rng_state()
    first = loop.validate(training, state)
    assert first == loop.validate(training, state)
    assert same(before, state.network.state_dict())
    assert same(average, state.average.state_dict())
    assert torch.equal(random, torch.get_rng_state())
    assert state.network.training


def test_the_uneven_end_is_counted_exactly(source, trained_run):
    run = trained_run()
    samples = running.load_samples(source.test, run.model.task, run.model.images)
    assert [len(batch) for batch in samples.batches(10)] == [10, 10, 3]
    shares = [[int(i) for batch in samples.batches(10, rank, 3) for i in batch.rows] for rank in range(3)]
    assert sorted(itertools.chain(*shares)) == list(range(23))
    assert run.result["count"] == 23


@pytest.mark.parametrize(("apart", "expected"), [(0.0, [8, 16, 23]), (60.0, [23])])
def test_epochs_that_follow_fast_share_a_checkpoint(trained_run, monkeypatch, apart, expected):
    saved = []
    monkeypatch.setattr(loop, "SAVED_EPOCH", apart)
    monkeypatch.setattr(loop, "save", lambda state, path: saved.append(state.step))
    trained_run()
    assert saved == expected


def test_killed_while_saving_the_old_checkpoint_stays_readable(trained_run, monkeypatch, tmp_path):
    saved = loop.save

    def torn(state, path):
        if state.step > 10:
            path.with_name(path.name + ".temporary").write_bytes(b"half")
            raise OSError("killed")
        saved(state, path)

    monkeypatch.setattr(loop, "save", torn)
    with pytest.raises(OSError, match="killed"):
        trained_run()
    _, values = load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    assert 0 < values["step"] <= 10
    monkeypatch.setattr(loop, "save", saved)
    trained_run()
    assert not list((tmp_path / "run").glob("*.temporary"))


def test_a_loss_that_is_not_finite_stops_before_the_step_and_names_step_and_images(trained_run, monkeypatch, tmp_path):
    computed = loop.backward
    calls = []

    def poisoned(*arguments):
        calls.append(1)
        return computed(*arguments) if len(calls) < 10 else (float("nan"), 0.0, {})

    monkeypatch.setattr(loop, "backward", poisoned)
    with pytest.raises(DivergedError, match=r"Step 10: .*stripes") as caught:
        trained_run()
    assert "rate" in str(caught.value)
    assert load_checkpoint(tmp_path / "run" / "checkpoint.safetensors")[1]["step"] < 10


def test_a_finished_run_tells_its_result_again_and_trains_no_more(trained_run, monkeypatch):
    first = trained_run()
    monkeypatch.setattr(running, "prepare", lambda *_: pytest.fail("trained again"))
    assert trained_run().result == first.result


def test_another_recipe_is_refused_in_the_same_folder(trained_run):
    trained_run()
    with pytest.raises(RunError, match="epochs 3 then, 4 now"):
        trained_run(epochs=4)


def test_other_images_are_refused_in_the_same_folder(trained_run, source, tmp_path):
    from eyespot.sources._arrays import from_arrays

    from .conftest import stripes

    run = trained_run()
    images, values = stripes(90, seed=5)
    other = from_arrays("stripes", "arrays", images, values)
    recipe = running.read_recipe(run.folder / "recipe.json")
    with pytest.raises(RunError, match="images are not the same"):
        running.run_training(other, running.TrainOptions(**recipe.options), run.folder, lambda entry: None)


def test_minutes_become_a_fixed_number_of_steps_before_the_first(trained_run):
    run = trained_run(epochs=None, minutes=0.01)
    recipe = json.loads((run.folder / "recipe.json").read_text())
    assert recipe["options"]["minutes"] == 0.01
    assert run.log[-1]["step"] == recipe["steps"] > 1


def test_every_line_of_the_log_is_json_with_a_step(trained_run):
    text = (trained_run().folder / "log.jsonl").read_text()
    steps = [json.loads(line)["step"] for line in text.splitlines()]
    assert steps == sorted(steps)
    assert np.all(np.diff(steps) > 0)


def test_snapshots_keep_the_network_of_every_epoch_and_change_nothing(trained_run):
    plain, kept = trained_run("plain"), trained_run("kept", snapshots=True)
    files = sorted((kept.folder / "snapshots").iterdir())
    assert [file.name for file in files] == [f"epoch-000{epoch}.safetensors" for epoch in range(4)]
    assert same(weights(plain.folder), weights(kept.folder))
    assert not same(load_file(files[0]), load_file(files[-1]))


def test_other_answers_for_the_same_images_are_refused(trained_run, source):
    from eyespot.sources._arrays import from_arrays

    from .conftest import stripes

    run = trained_run()
    images, values = stripes(101)
    values[0] = {"label": "lying"}
    other = from_arrays("stripes", "arrays", images, values, ["train"] * 61 + ["validation"] * 17 + ["test"] * 23)
    recipe = running.read_recipe(run.folder / "recipe.json")
    with pytest.raises(RunError, match="the answers are not the same"):
        running.run_training(other, running.TrainOptions(**recipe.options), run.folder, lambda entry: None)


def test_a_disk_that_fills_up_under_the_log_is_an_error_that_names_it(tmp_path):
    class FullFile:
        def write(self, _text):
            raise OSError(28, "No space left on device")

    log = loop.Log(tmp_path / "log.jsonl", step=0)
    log.close()
    log.file = FullFile()
    with pytest.raises(RunError, match=r"log\.jsonl.*No space left"):
        log.write({"step": 1})


def test_wrong_answers_in_the_test_part_are_told_before_anything_is_learned(tmp_path):
    from eyespot.errors import TaskError
    from eyespot.sources._arrays import from_arrays

    from .conftest import stripes

    images, values = stripes(90)
    values[-1] = values[-2] = {"label": "elsewhere"}
    odd = from_arrays("stripes", "arrays", images, values, ["train"] * 60 + ["validation"] * 10 + ["test"] * 20)
    with pytest.raises(TaskError, match="elsewhere"):
        running.run_training(odd, running.TrainOptions(), tmp_path / "run", lambda entry: None)
    assert not (tmp_path / "run" / "recipe.json").exists()


def test_a_process_that_sees_other_images_than_the_leading_one_says_so(source, trained_run):
    from eyespot.sources._arrays import from_arrays

    from .conftest import stripes

    recipe = running.read_recipe(trained_run().folder / "recipe.json")
    running._check_alike(source, recipe)
    with pytest.raises(RunError, match="other images"):
        running._check_alike(from_arrays("stripes", "arrays", *stripes(90, seed=5)), recipe)


def test_the_mean_of_no_sample_is_not_a_number_and_that_of_an_infinite_loss_is_infinite():
    assert np.isnan(
        list(loop._mean_and_error("accuracy", loop._sums(torch.tensor([torch.nan, torch.nan]))).values())
    ).all()
    assert loop._mean_and_error("loss", loop._sums(torch.tensor([torch.inf, 1.0])))["loss"] == np.inf
    assert loop._mean_and_error("loss", np.array([1e200, 1e308, 1.0]))["loss"] == 1e200
    assert loop._mean_and_error("loss", loop._sums(torch.tensor([1.0, 3.0, torch.nan]))) == {
        "loss": 2.0,
        "loss error": 1.0,
    }
