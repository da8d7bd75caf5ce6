"""Rank in a real browser: images of one's own, sorted as they come."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.images import write_png
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource

from ..serving.view_models import ranker
from .reading import accessible_in_all_settings, layout_faults, missed_by_tab
from .real import serving


@pytest.fixture(scope="module")
def shown() -> ModelResource:
    return ranker()


@pytest.fixture(scope="module")
def rank(static: Path, shown: ModelResource) -> Iterator[str]:
    with serving(make_app([shown], static=static)) as address:
        yield f"{address}#/rank"


def test_the_images_of_the_source_are_laid_out_and_colored_by_rank(
    page: Page, static: Path, shown: ModelResource
) -> None:
    found = {"layer": "features", "names": list("abc"), "places": [[0, 0], [10, 0], [0, 5]], "right": [None] * 3}
    page.route("**/api/sources", lambda route: route.fulfill(json={"sources": [SOURCE]}))
    page.route("**/survey*", lambda route: route.fulfill(json=found | {"values": [0.1, 0.6, 0.9]}))
    with serving(make_app([replace(shown, source=0)], static=static)) as address:
        page.goto(f"{address}#/rank")
        section = page.get_by_role("region", name="Map of the images by their predicted rank")
        section.get_by_role("button", name="Lay out photos (5 images)").click()
        circles = section.locator("circle")
        expect(circles).to_have_count(3)
        assert len({one.evaluate("one => getComputedStyle(one).fill") for one in circles.all()}) == 3
        expect(section.locator("figure")).to_contain_text("predicted number")
        expect(section.get_by_role("button", name="Lasso")).to_have_count(0)
        expect(section.locator("#map-image")).to_contain_text("Point at an image to see what it is. Drag")
        section.get_by_role("application").press("ArrowRight")
        expect(section.locator("#map-image")).to_have_text("a: 0.1")
        accessible_in_all_settings(page)


SOURCE = {"id": 0, "name": "photos", "parts": {"test": 5}}


@pytest.mark.parametrize("width", [1280, 390])
def test_images_are_sorted_with_their_scores(
    page: Page, rank: str, shown: ModelResource, tmp_path: Path, width: int
) -> None:
    files = [
        write_png(np.full((12, 12, 3), 50 * number, np.uint8), tmp_path / f"gray {number}.png") for number in range(5)
    ]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(rank)
    page.locator("input[type=file]").last.set_input_files([broken, *files])
    expect(page.get_by_role("status")).to_have_text("6 of 6 images ranked")
    ranks = {file.name: shown.model.predict(file)["rank"] for file in files}
    wanted = [f"{i}: {ranks[name]:.2f}, {name}" for i, name in enumerate(sorted(ranks, key=lambda n: -ranks[n]), 1)]
    tiles = page.get_by_role("gridcell")
    expect(tiles).to_have_count(6)
    assert [tile.get_attribute("aria-label") for tile in tiles.all()] == [*wanted, "6: cannot be ranked, broken.png"]
    expect(page.get_by_role("region", name="Highest ranks").get_by_role("img").first).to_have_attribute(
        "alt", max(ranks, key=lambda name: ranks[name])
    )
    tiles.last.click()
    expect(page.get_by_text("broken.png: ")).to_contain_text("is not an image")
    accessible_in_all_settings(page)
    if width == 390:
        assert missed_by_tab(page, least=8) == []
        assert layout_faults(page) == {}
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    table = Path(download.value.path()).read_text().splitlines()
    assert table[0] == "place,image,rank,error" and len(table) == 7
    page.get_by_role("button", name="Remove all").click()
    expect(tiles).to_have_count(0)
