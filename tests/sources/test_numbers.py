"""The distribution of numbers that `check` reports."""

import numpy as np

from eyespot.cli._app import run
from eyespot.images import write_png
from eyespot.sources.numbers import describe_numbers
from eyespot.sources.source import Row


def rows(*texts: str) -> list[Row]:
    return [
        Row(picture="x", name="x", values={"number": text, "drive": f"d{place % 2}"}, location="")
        for place, text in enumerate(texts)
    ]


def test_angles_to_both_sides_have_a_bin_around_zero():
    found = describe_numbers(rows("-1", "0", "0", "0.05", "0.5"))
    assert found is not None
    assert (found.count, found.drives) == (5, 2)
    assert (found.below_zero, found.zero, found.above_zero) == (0.2, 0.4, 0.4)
    np.testing.assert_allclose(found.edges, np.linspace(-1, 1, 12))
    assert found.counts == [1, 0, 0, 0, 0, 3, 0, 0, 1, 0, 0]


def test_without_numbers_there_is_nothing_to_show():
    assert describe_numbers(rows("", "n/a", "nan", "inf")) is None


def test_numbers_of_one_side_and_equal_ones_have_a_range():
    one_side, equal = describe_numbers(rows("3", "14")), describe_numbers(rows("7", "7"))
    assert one_side is not None and (one_side.edges[0], one_side.edges[-1]) == (3, 14)
    assert equal is not None and (equal.edges[0], equal.edges[-1], max(equal.counts)) == (6.5, 7.5, 2)


def test_check_draws_the_histogram(tmp_path, photo, capsys):
    for seed in range(4):
        write_png(photo(seed), tmp_path / f"{seed}.png")
    (tmp_path / "t.csv").write_text("path,number\n0.png,-1\n1.png,0\n2.png,0\n3.png,1\n")
    assert run(["check", str(tmp_path / "t.csv")]) == 0
    shown = capsys.readouterr().out
    assert "Numbers of 4 images:" in shown
    assert any(line.split() == ["-0.09091", "to", "0.09091", "2", "#" * 40] for line in shown.splitlines())
    assert "25% below 0, 50% exactly 0, 25% above 0" in shown
