"""CarRacing as a course: the same drives for the same seeds, and the pictures of the environment itself."""

import sys
import warnings

import numpy as np
import pytest

from eyespot.errors import SimulatorError
from eyespot.simulators import CarRacing, drive, expert

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Box2D's generated code warns; as an error, that ends the process
    pytest.importorskip("Box2D", reason="the extra drive is not installed")
    environments = pytest.importorskip("gymnasium.envs.box2d.car_racing", reason="the extra drive is not installed")


@pytest.fixture
def course() -> CarRacing:
    return CarRacing()


def test_the_same_seed_and_answers_give_the_same_pictures_whatever_was_driven_before(course: CarRacing):
    def pictures(course: CarRacing) -> np.ndarray:
        return np.stack([course.reset(5), *(course.step(0.02 * step)[0] for step in range(8))])

    first = pictures(course)
    course.reset(9)
    course.step(0.4)
    assert first.shape == (9, 84, 96, 3)
    np.testing.assert_array_equal(pictures(course), first)
    np.testing.assert_array_equal(pictures(CarRacing()), first)


def test_pictures_are_those_of_the_environment_without_gauges(course: CarRacing):
    course.reset(3)
    for _ in range(20):
        pixels, _ = course.step(course.expert_steering())
    environment = course.environment
    environment.t = 1.0  # after the zoom of the first second
    environment._render_road = environments.CarRacing._render_road.__get__(environment)
    whole = environments.CarRacing._render(environment, "state_pixels")
    np.testing.assert_array_equal(pixels, whole[:84])


def test_the_expert_drives_a_lap_at_constant_speed_without_interventions():
    course = CarRacing(draw=False)
    found = drive(expert(course), course, 2)
    assert found.interventions == 0
    assert course.track.passed > len(course.track) - 5  # a lap ends when the front wheels reach its start
    assert found.score > 850
    speeds = np.hypot(*np.diff(found.path, axis=0).T) / course.step_seconds
    assert 45 < np.median(speeds) < 52


def test_random_colors_leave_the_track_as_it_is():
    plain, colored, again = CarRacing(draw=False), CarRacing("random"), CarRacing("random")
    plain.reset(4)
    first = colored.reset(4)
    np.testing.assert_array_equal(first, again.reset(4))
    np.testing.assert_array_equal(plain.center_line, colored.center_line)
    plain_picture = plain.picture()
    assert (first != plain_picture).mean() > 0.5
    assert (first != colored.reset(5)).mean() > 0.5


def test_random_colors_per_image_change_road_and_grass_but_neither_curbs_nor_track():
    plain, changing = CarRacing(), CarRacing("random-per-image")
    shown, first = plain.reset(4), changing.reset(4)
    second = changing.picture()
    for place in ((70, 48), (70, 5)):  # road behind the car, grass beside it
        colors = {tuple(image[place].tolist()) for image in (shown, first, second)}
        assert len(colors) == 3
    curbs = [color for _, color in changing.environment.road_poly if isinstance(color, tuple)]
    assert set(curbs) <= {(255, 255, 255), (255, 0, 0)} and len(curbs) > 4
    again = CarRacing("random-per-image")
    np.testing.assert_array_equal(first, again.reset(4))
    np.testing.assert_array_equal(plain.center_line, changing.center_line)


def test_the_road_is_known_also_below_the_car_and_asking_changes_nothing(course: CarRacing):
    seen = course.reset(1)
    road = course.road()
    np.testing.assert_array_equal(course.picture(), seen)
    assert road[70, 44:53].all() and not road[70, :20].any()
    gray = (np.ptp(seen.astype(int), axis=2) < 8) & (seen[..., 0] < 130)  # the color of roads
    assert (road == gray).mean() > 0.97


def test_put_back_sets_hull_and_wheels_upon_the_road(course: CarRacing):
    course.reset(1)
    while not course.off_road:
        course.step(0.4)
    before = course.picture()
    after = course.put_back()
    assert (before != after).any()
    assert abs(course.offset) < 1e-5
    hull, wheels = course.environment.car.hull, course.environment.car.wheels
    assert all(wheel.angle == pytest.approx(hull.angle) for wheel in wheels)
    assert np.hypot(*(np.array(wheels[0].position) - hull.position)) == pytest.approx(np.hypot(1.1, 1.6), abs=1e-3)
    for _ in range(10):
        course.step(course.expert_steering())
    assert not course.off_road


def test_the_drive_ends_after_a_limited_time(course: CarRacing, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("eyespot.simulators._car_racing.MOST_STEPS", 3)
    course.draw = False
    course.reset(0)
    assert [course.step(0.0)[1] for _ in range(3)] == [False, False, True]


def test_unknown_colors_are_refused():
    with pytest.raises(SimulatorError, match="colors is 'pink'; expected one of default, random"):
        CarRacing("pink")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(SimulatorError, match=r"pip install 'eyespot\[drive\]'"):
        CarRacing()
