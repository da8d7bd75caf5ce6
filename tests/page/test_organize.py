"""Organize in a real browser: photos found, copies reviewed with keys, a plan applied and undone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.organizing import _embedding
from eyespot.serving.app import make_app
from eyespot.serving.collection import CollectionResource

from ..serving.photos import open_photos
from .reading import accessible, accessible_in_all_settings, layout_faults, missed_by_tab
from .real import serving


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectionResource]:
    base = tmp_path_factory.mktemp("organize")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_embedding, "is_installed", lambda name: False)
        yield open_photos(base, base / "sorted")


@pytest.fixture(scope="module")
def organize(static: Path, shown: CollectionResource) -> Iterator[str]:
    with serving(make_app(static=static, collection=shown)) as address:
        yield address


def opened(page: Page, organize: str, part: str, query: str = "") -> None:
    page.goto("about:blank")
    page.goto(f"{organize}#/organize/{part}?{query}")
    expect(page.get_by_role("heading", name="photos", exact=True)).to_be_visible()


def test_photos_are_found_and_opened_with_the_keyboard(page: Page, organize: str) -> None:
    opened(page, organize, "photos")
    expect(page.get_by_role("link", name="Organize")).to_have_attribute("aria-current", "page")
    tiles = page.get_by_role("gridcell")
    expect(tiles).to_have_count(4)
    accessible_in_all_settings(page)
    expect(tiles.first).to_have_attribute("aria-label", "trip/red.jpg")
    assert missed_by_tab(page, least=8) == []
    tiles.first.focus()
    page.keyboard.press("End")
    expect(tiles.last).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("green.jpg")
    expect(dialog).to_contain_text("96 × 72")
    page.keyboard.press("ArrowLeft")
    expect(dialog).to_have_accessible_name("blue.jpg")
    expect(dialog).to_contain_text("2021-01-02 09:30")
    accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("combobox", name="Color").select_option("blue")
    expect(page.get_by_role("status")).to_have_text("1 photo")
    page.get_by_role("combobox", name="Color").select_option("purple")
    expect(page.get_by_role("status")).to_have_text("No photo meets the conditions.")
    page.get_by_role("button", name="Clear all").click()
    expect(tiles).to_have_count(4)
    page.get_by_text("Files that cannot be read: 1").click()
    expect(page.get_by_text("broken.jpg")).to_be_visible()
    assert layout_faults(page) == {}


def test_timeline_and_map_lead_to_photos(page: Page, organize: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, organize, "timeline", "lang=de")
    accessible(page)
    page.get_by_role("link", name="2021-01: 1 Foto").click()
    expect(page.get_by_role("status")).to_have_text("1 Foto")
    opened(page, organize, "timeline")
    page.get_by_role("list", name="Events").get_by_role("link", name="2020-05-01").click()
    expect(page.get_by_role("gridcell")).to_have_attribute("aria-label", "trip/red.jpg")
    opened(page, organize, "map")
    accessible(page)
    assert layout_faults(page) == {}
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("link", name="1 photo at 43.5, 11.75").press("Enter")
    expect(page.get_by_role("gridcell")).to_have_attribute("aria-label", "trip/red.jpg")
    page.get_by_role("button", name="Remove the condition: within").click()
    expect(page.get_by_role("gridcell")).to_have_count(4)


def test_copies_are_reviewed_and_a_plan_is_applied_and_undone(
    page: Page, organize: str, shown: CollectionResource
) -> None:
    photos, target = shown.found.folder, shown.into
    assert target is not None
    opened(page, organize, "copies")
    group = page.get_by_role("list", name="Group: altered copies").get_by_role("listitem")
    expect(group).to_have_count(2)
    expect(group.first).to_contain_text("trip/red.jpg")
    expect(group.last).to_contain_text("gradients correlate")
    accessible(page)
    page.keyboard.press("2")
    expect(group.last).to_contain_text("kept")
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("0 reviewed")
    page.keyboard.press("Enter")
    expect(group.last).to_contain_text("into “copies”")
    page.reload()  # decisions are kept
    expect(page.get_by_role("status")).to_contain_text("1 reviewed")
    page.get_by_role("link", name="Plan").click()
    page.get_by_label("Target of each photo").fill("{nothing}/{name}")
    page.get_by_role("button", name="Make a plan").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown field 'nothing'")
    page.get_by_label("Target of each photo").fill("{year}/{name}")
    page.get_by_role("button", name="Make a plan").click()
    steps = page.get_by_role("region", name="Plan").get_by_role("row")
    expect(steps).to_have_count(5)
    expect(steps.nth(3)).to_contain_text("copies/small.jpg")
    accessible(page)
    assert layout_faults(page) == {}
    page.get_by_role("checkbox", name="Accept the target of blue.jpg").uncheck()
    page.get_by_role("button", name="Apply to 3 photos").click()
    expect(page.get_by_text("3 photos put into folders")).to_be_visible()
    assert (target / "copies" / "small.jpg").exists() and (target / "2020" / "red.jpg").exists()
    assert not (target / "2021").exists() and (photos / "small.jpg").exists()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("3 photos put back.")).to_be_visible()
    assert not list(target.rglob("*.jpg")) and len(list(photos.rglob("*.jpg"))) == 5


def test_a_gallery_of_100_000_draws_only_what_is_in_sight(
    page: Page, static: Path, shown: CollectionResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = np.arange(100_000) % 4
    monkeypatch.setattr(CollectionResource, "find", lambda *_: numbers.tolist())
    with serving(make_app(static=static, collection=shown)) as address:
        opened(page, address, "photos")
        expect(page.get_by_role("status")).to_contain_text("100\u202f000 photos")
        tiles = page.get_by_role("gridcell")
        expect(tiles.first).to_be_visible()
        assert tiles.count() < 200
        tiles.first.focus()
        page.keyboard.press("End")
        expect(page.locator("[data-tile='99999']")).to_be_focused()
        expect(page.locator("[data-tile='99999'] img")).to_be_visible()
        assert tiles.count() < 200


def test_a_link_to_organize_without_photos_states_what_is_missing(page: Page, served: str) -> None:
    page.goto(f"{served}#/organize")
    expect(page.get_by_role("alert")).to_contain_text("--photos FOLDER")
    expect(page.get_by_role("link", name="Organize")).to_have_count(0)
