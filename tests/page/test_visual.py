"""The page looks as in its references: 20 states, each on a phone, a laptop and a large screen."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page

from . import visual
from .real import make, serving, write_run
from .visual import MOST, STATES, WIDTHS, distance, open_state, reference_of, settled

PARTS = {"main .panel": "unit", "main .scroll": "look", "main h1": "look"}
"""Parts of the page that must be noticed when they are missing, and the states that they are in."""


@pytest.fixture(scope="module")
def served(static: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own: other tests add data and runs to the one that they share, which are then listed."""
    with serving(make(write_run(tmp_path_factory.mktemp("visual")), static)) as address:
        yield address


@pytest.fixture
def drawn(page: Page, served: str) -> Page:
    """A tab whose text is as wide as in the references: another font breaks lines elsewhere."""
    page.goto(served)
    if not visual.has_font_of_references(page):
        pytest.skip("the references need a font as wide as Arial; run: apt-get install fonts-liberation")
    return page


@pytest.mark.parametrize("name", STATES)
def test_a_state_looks_as_in_its_references(drawn: Page, served: str, name: str) -> None:
    open_state(drawn, served, name)
    far = {width: visual.closest(drawn, name, width) for width in WIDTHS}
    wrong = {width: found for width, found in far.items() if found > MOST}
    assert not wrong, (
        f"{wrong} of the blocks differ; if this is right: python -m tests.page.visual, and look at the files"
    )


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_noticed(drawn: Page, served: str, part: str, width: int) -> None:
    open_state(drawn, served, PARTS[part])
    drawn.add_style_tag(content=f"{part} {{ display: none !important }}")
    assert distance(settled(drawn, width), reference_of(PARTS[part], width)) > MOST


def test_a_card_that_is_hidden_or_moved_is_noticed(drawn: Page, served: str) -> None:
    open_state(drawn, served, "train-run")
    card = drawn.locator(".card").first
    for style in ("visibility: hidden", "position: relative; left: 120px", "margin-top: 60px"):
        card.evaluate("(one, style) => one.setAttribute('style', style)", style)
        for width in (390, 1280):
            assert distance(settled(drawn, width), reference_of("train-run", width)) > MOST, (style, width)


def test_other_edges_of_letters_are_tolerated(drawn: Page, served: str) -> None:
    open_state(drawn, served, "judge")
    before = visual.picture(drawn, 1280)
    drawn.add_style_tag(content="* { text-shadow: 0.4px 0 currentColor }")
    after = settled(drawn, 1280)
    assert not np.array_equal(before, after)
    assert distance(after, reference_of("judge", 1280)) <= MOST


def test_every_reference_belongs_to_a_state_and_is_small() -> None:
    files = sorted(path.name for path in visual.FOLDER.iterdir())
    assert files == sorted(f"{name}-{width}.png" for name in STATES for width in WIDTHS)
    assert sum(path.stat().st_size for path in visual.FOLDER.iterdir()) < 200_000


def test_a_move_by_one_block_is_no_difference_and_a_new_part_is_one() -> None:
    reference = np.full((visual.HEIGHT // 20, 64), 255, np.uint8)
    reference[10:20, 10:20] = 40
    assert visual.difference(np.roll(reference, 1, 0), reference) == 0
    assert visual.difference(np.full_like(reference, 255), reference) > MOST / 2
    assert distance(np.roll(reference, 15, 1), reference) > MOST
    assert distance(reference[:-1], reference) == 1
