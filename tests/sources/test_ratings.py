"""Ratings from likes and from comparisons: values worked out by hand, and known orders that must come back."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import open_source
from eyespot.sources._ratings import GROUP, rate_by_comparisons, rate_by_likes
from eyespot.sources.source import Row

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def post(number: int, likes: object, followers: object = 100, **values: str) -> Row:
    values = {"likes": str(likes), "followers": str(followers), "user": f"u{number % 7}", **values}
    return Row(picture=f"{number}.png", name=f"{number}.png", values=values, location=f"t.csv line {number + 2}")


def ratings(rows: list[Row]) -> dict[str, str]:
    return {row.name: row.values["rating"] for row in rows}


def test_images_are_compared_with_those_of_similar_audiences():
    small = [post(n, likes=n, followers=50) for n in range(GROUP)]
    large = [post(GROUP + n, likes=1000 + n, followers=9000) for n in range(GROUP)]
    rated, notes = rate_by_likes([*large, *small])
    found = ratings(rated)
    for first in (0, GROUP):
        assert [found[f"{first + n}.png"] for n in range(GROUP)] == ["0"] * 50 + ["1"] * 50
    assert "200 images of 7 users" in notes[-1]
    assert {row.values["group"] for row in rated} == {f"u{n}" for n in range(7)}


def test_tags_make_an_audience_larger_and_are_no_answer():
    rows = [post(n, likes=n, followers=100) for n in range(GROUP)]
    rows += [post(GROUP + n, likes=n, followers=100, tags="a|b") for n in range(GROUP)]
    rated, _ = rate_by_likes(rows)
    assert ratings(rated)["60.png"] == ratings(rated)["160.png"] == "1"
    assert all("tags" not in row.values for row in rated)


def test_recent_undated_and_future_posts_are_left_out():
    old = [post(n, n, date="2024-01-05") for n in range(20)]
    others = [post(20, 5, date="2024-05-20"), post(21, 5, date="2024-05-01T10:00:00"), post(22, 5, date="")]
    rated, notes = rate_by_likes([*old, *others, post(23, 5, date="2031-01-01")], NOW)
    assert set(ratings(rated)) == {f"{n}.png" for n in range(20)}
    told = " ".join(notes)
    assert "1 image without a date" in told and "1 image with a date in the future" in told
    assert "2 images of the last 30 days" in told


def test_as_many_likes_as_the_middle_are_left_out():
    rated, notes = rate_by_likes([post(n, likes) for n, likes in enumerate([1] * 10 + [2] * 5 + [3] * 10)])
    assert len(rated) == 20 and "5 images with as many likes as the middle" in notes[0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (post(0, -3), r"line 2: likes is '-3'; expected a number from 0 on"),
        (post(0, "many"), "likes is 'many'"),
        (post(0, 3, "nan"), "followers is 'nan'"),
        (post(0, 3, date="5/31/24"), "the date is '5/31/24'; expected one such as 2024-05-31"),
    ],
)
def test_numbers_and_dates_that_cannot_be_read_are_refused(row: Row, message: str):
    with pytest.raises(SourceError, match=message):
        rate_by_likes([row, *(post(n, n) for n in range(1, 40))])


def test_few_images_or_equal_likes_are_refused():
    with pytest.raises(SourceError, match="19 of 19 images can be compared by their likes; expected 20"):
        rate_by_likes([post(n, n) for n in range(19)])
    with pytest.raises(SourceError, match="nearly all are equal"):
        rate_by_likes([post(n, 7) for n in range(30)])


def test_comparisons_bring_a_known_order_back():
    random = np.random.default_rng(0)
    strengths = np.linspace(-2, 2, 30)
    compared = []
    for line in range(1500):
        a, b = random.choice(30, 2, replace=False)
        if random.random() > 1 / (1 + np.exp(strengths[b] - strengths[a])):
            a, b = b, a
        compared.append((f"line {line + 2}", f"{a}.png", f"{b}.png"))
    lines, notes = rate_by_comparisons(compared)
    found = {values["path"]: float(values["rating"]) for _, values in lines}
    order = [found[f"{n}.png"] for n in range(30)]
    assert spearmanr(order, strengths)[0] > 0.95  # pyright: ignore[reportArgumentType, reportOperatorIssue]
    assert max(order) - min(order) == pytest.approx(4, abs=1)
    assert notes == ["1,500 comparisons of 30 images became ratings (Bradley-Terry)"]


def test_the_strength_of_one_pair_is_that_of_the_penalized_likelihood():
    """60 of 80 for a against b: d, twice the rating of a, has the least 60 log(1+e^-d) + 20 log(1+e^d) + d^2 / 4."""
    from scipy.optimize import minimize_scalar

    compared = [("line", "a", "b")] * 60 + [("line", "b", "a")] * 20
    lines, _ = rate_by_comparisons(compared)
    found = {values["path"]: float(values["rating"]) for _, values in lines}
    best = minimize_scalar(lambda d: 60 * np.log1p(np.exp(-d)) + 20 * np.log1p(np.exp(d)) + d * d / 4).x  # pyright: ignore
    assert found["a"] - found["b"] == pytest.approx(best, abs=1e-3)


def test_sets_that_were_never_compared_are_named():
    _, notes = rate_by_comparisons([("line", "a", "b"), ("line", "c", "d")] * 30)
    assert "fall into 2 sets" in notes[1]


@pytest.mark.parametrize(
    ("compared", "message"),
    [
        ([("t.csv line 2", "a", "b")] * 49, "the table has 49 comparisons; expected 50 or more"),
        ([("t.csv line 2", "a", "a")] * 50, "line 2: compares 'a' with 'a'; expected two different images"),
        ([("t.csv line 2", "a", "")] * 50, "compares 'a' with ''"),
    ],
)
def test_comparisons_that_make_no_order_are_refused(compared: list[tuple[str, str, str]], message: str):
    with pytest.raises(SourceError, match=message):
        rate_by_comparisons(compared)


def test_tables_of_comparisons_and_of_likes_are_opened(tmp_path: Path, photo) -> None:
    for number in range(40):
        (tmp_path / f"{number}.png").write_bytes(encode_png(photo(number, 16, 16)))
    pairs = [f"{max(a, b)}.png,{min(a, b)}.png" for a in range(40) for b in (0, 20, 39) if a != b]
    (tmp_path / "pairs.csv").write_text("\n".join(["preferred,other", *pairs]))
    source = open_source(tmp_path / "pairs.csv", columns={"better": "preferred", "worse": "other"})
    found = {row.name: float(row.values["rating"]) for row in source.rows}
    assert len(found) == 40 and found["39.png"] == max(found.values()) and found["0.png"] == min(found.values())
    likes = [f"{n}.png,{'uv'[n % 2]}{n // 4},{n},10" for n in range(40)]
    (tmp_path / "likes.csv").write_text("\n".join(["path,user,hearts,fans", *likes]))
    source = open_source(tmp_path / "likes.csv", columns={"likes": "hearts", "followers": "fans"})
    assert {row.values["rating"] for row in source.rows} == {"0", "1"}
    sides = {}
    for part in source.parts:
        for row in part.rows:
            assert sides.setdefault(row.values["user"], part.name) == part.name
