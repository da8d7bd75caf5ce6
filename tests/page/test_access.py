"""Everything by keyboard and by screen reader, and text that can be read in light and in dark colors."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from .reading import SCRIPT, accessible_in_all_settings, missed_by_tab
from .test_learn import SANDBOXES

LOOK = [
    "#/look?call=3&unit=2&show=gradients&why=occlusion",
    "#/look?call=4&unit=1&view=space&scale=network",
    "#/look?call=6&unit=1",
]
VIEWS = [*LOOK, "#/judge", "#/train", *(f"#/learn/{name}" for name in SANDBOXES)]


def opened(page: Page, served: str, view: str) -> Page:
    page.goto("about:blank")
    page.goto(f"{served}{view}")
    expect(page.locator("h1")).to_be_visible()
    if "call=" in view:
        expect(page.locator(".unit")).to_be_visible()
    if "why=" in view:
        expect(page.locator(".why .said")).to_be_visible()
    if "judge" in view:
        expect(page.get_by_role("list", name="Images").get_by_role("listitem").first).to_be_visible()
    return page


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_accessible_in_both_languages_and_color_schemes(page: Page, served: str, view: str) -> None:
    accessible_in_all_settings(opened(page, served, view))


@pytest.mark.parametrize("view", [*LOOK, "#/judge", "#/learn/convolution", "#/learn/kernels", "#/learn/dense"])
def test_tab_reaches_every_control_and_leaves_it_again(page: Page, served: str, view: str) -> None:
    opened(page, served, view)
    assert missed_by_tab(page, least=9) == []


def test_focus_is_always_to_be_seen(page: Page, served: str) -> None:
    opened(page, served, LOOK[0])
    page.keyboard.press("Tab")
    page.get_by_role("link", name="Skip to the content").press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(30):
        page.keyboard.press("Tab")
        seen = page.evaluate(f"{SCRIPT}; focusSeen()")
        assert seen, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
