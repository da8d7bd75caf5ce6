"""What counts at each step, and what was changed on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyespot.errors import RecipeError, RunError
from eyespot.training.run import read_recipe
from eyespot.training.schedule import Schedule, ScheduleChange, read_changes, write_changes


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    """61 images, 8 in a step, 23 steps: about 3 epochs."""
    from eyespot.sources._arrays import from_arrays
    from eyespot.training.options import TrainOptions
    from eyespot.training.run import run_training

    from .conftest import TEXT, stripes

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EYESPOT_CACHE", str(tmp_path_factory.mktemp("cache")))
        split = ["train"] * 61 + ["validation"] * 17 + ["test"] * 23
        source = from_arrays("stripes", "arrays", *stripes(101), split)
        options = TrainOptions(network=TEXT, epochs=3, batch=8, precision="float32", augment="none")
        run = run_training(source, options, tmp_path_factory.mktemp("run"), lambda entry: None)
    return read_recipe(run.folder / "recipe.json")


def test_without_a_change_it_is_the_recipe_to_the_last_bit(recipe):
    schedule = Schedule(recipe)
    assert schedule.steps == recipe.steps == 23
    assert [schedule.rate_at(step) for step in range(23)] == [recipe.rate_at(step) for step in range(23)]
    assert [schedule.seen(step) for step in range(23)] == [8 * step for step in range(23)]
    now = schedule.at(22)
    assert (now.batch, now.momentum, now.weight_decay, now.average) == (8, None, 0.05, recipe.average)


def test_another_batch_sees_as_many_images_in_other_steps(recipe):
    schedule = Schedule(recipe, [ScheduleChange(step=10, batch=16)])
    assert [schedule.seen(step) for step in (9, 10, 11, 12)] == [72, 80, 96, 112]
    assert schedule.steps == 10 + 7  # 184 - 80 images by sixteens: six and a half steps
    assert [schedule.epoch(step) for step in (7, 8, 12, 13)] == [0, 1, 1, 2]
    assert schedule.rate_at(11) == recipe.rate_at(12)  # the cycle goes by images: 96 are behind


def test_a_change_counts_from_its_step_on_and_leaves_the_rest(recipe):
    schedule = Schedule(
        recipe, [ScheduleChange(step=4, rate=0.3), ScheduleChange(step=9, momentum=0.5, weight_decay=0.0)]
    )
    assert [schedule.at(step).rate for step in (3, 4, 9)] == [recipe.rate, 0.3, 0.3]
    assert [schedule.at(step).momentum for step in (8, 9)] == [None, 0.5]
    assert [schedule.at(step).weight_decay for step in (8, 9)] == [0.05, 0.0]
    assert schedule.changed_at(9) == {"momentum": 0.5, "weight_decay": 0.0} and schedule.changed_at(8) == {}
    assert schedule.rate_at(4) == pytest.approx(recipe.rate_at(4) * 0.3 / recipe.rate)
    assert schedule.steps == 23


def test_stopped_it_has_no_more_steps(recipe):
    assert Schedule(recipe, [ScheduleChange(step=7, end=True)]).steps == 7


def test_a_change_before_later_ones_makes_them_forgotten(recipe):
    schedule = Schedule(
        recipe, [ScheduleChange(step=4, rate=0.3), ScheduleChange(step=12, batch=16), ScheduleChange(step=14, end=True)]
    )
    schedule.change(ScheduleChange(step=9, momentum=0.0))
    assert [change.step for change in schedule.changes] == [4, 9]
    assert schedule.steps == 23 and schedule.at(20).batch == 8 and schedule.at(20).rate == 0.3


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(2, 61)), max_size=5).map(
        lambda pairs: [(sum(gap for gap, _ in pairs[: i + 1]), batch) for i, (_, batch) in enumerate(pairs)]
    )
)
def test_whatever_the_batches_no_image_is_left_out_or_seen_twice(recipe, changes):
    schedule = Schedule(recipe)
    for step, batch in changes:
        if step < schedule.steps:
            schedule.change(ScheduleChange(step=step, batch=batch))
    places = [place for step in range(schedule.steps) for place in range(schedule.seen(step), schedule.seen(step + 1))]
    assert places == list(range(len(places)))
    assert 184 <= len(places) < 184 + 61
    assert all(schedule.rate_at(step) > 0 for step in range(schedule.steps))


@pytest.mark.parametrize(
    ("values", "summary"),
    [
        ({"rate": 0.0}, "rate is 0; give a number above 0"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"momentum": 1.0}, "momentum is 1; give a number from 0 to 0.999"),
        ({"weight_decay": -1.0}, "weight decay is -1"),
        ({"batch": 62}, "batch is 62; give a number from 2 to 61 training images"),
        ({"batch": 1}, "batch is 1"),
    ],
)
def test_what_no_training_can_go_on_with_is_refused_and_changes_nothing(recipe, values, summary):
    schedule = Schedule(recipe)
    with pytest.raises(RecipeError, match=summary):
        schedule.change(ScheduleChange(step=3, **values))
    assert not schedule.changes and schedule.steps == 23


def test_changes_are_read_as_they_were_written(recipe, tmp_path):
    assert read_changes(tmp_path) == []
    schedule = Schedule(recipe, [ScheduleChange(step=4, rate=0.3, weight_decay=0.0), ScheduleChange(step=9, end=True)])
    write_changes(tmp_path, schedule)
    assert read_changes(tmp_path) == schedule.changes


@pytest.mark.parametrize("text", ["{", "3", '[{"rate": 1}]', "[3]"])
def test_damaged_changes_are_refused(tmp_path, text):
    (tmp_path / "changes.json").write_text(text)
    with pytest.raises(RunError, match=r"changes\.json: is damaged"):
        read_changes(tmp_path)
