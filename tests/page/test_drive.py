"""Drive in a real browser: a model drives, is pushed, and a person takes over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.errors import SimulatorError
from eyespot.serving import _drive_api
from eyespot.serving.app import make_app
from tests.simulators.toy import Toy

from ..serving.view_models import driver
from .reading import accessible_in_all_settings, layout_faults, missed_by_tab
from .real import serving


@pytest.fixture(scope="module")
def drive(static: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_drive_api, "CarRacing", lambda colors: Toy(length=100_000))
        with serving(make_app([driver()], static=static)) as address:
            yield f"{address}#/drive"


def test_a_drive_is_watched_pushed_and_taken_over(page: Page, drive: str) -> None:
    page.goto(drive)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("status")).to_have_text("Driving")
    expect(page.get_by_role("img", name="camera image")).to_be_visible()
    expect(page.locator(".mask")).to_have_css("mask-mode", "luminance")
    facts = page.locator("dl")
    page.keyboard.down("ArrowLeft")
    expect(page.locator(".angle")).to_contain_text("you steer")
    page.keyboard.up("ArrowLeft")
    expect(page.locator(".angle")).not_to_contain_text("you steer")
    expect(facts).not_to_contain_text("interventions0")
    page.get_by_role("button", name="Push to the left").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_have_text("Paused")
    time = facts.locator("dd").first.text_content()
    for theme in ("light", "dark"):
        expect(page.locator(f"html[data-theme='{theme}']")).to_have_count(1)
        accessible_in_all_settings(page)
        page.locator("header button.square").click()
    assert layout_faults(page) == {}
    assert missed_by_tab(page, least=8) == []
    page.get_by_role("button", name="Continue").click()
    expect(facts.locator("dd").first).not_to_have_text(time or "")


def test_a_missing_simulator_is_named(page: Page, drive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(colors: str) -> None:
        raise SimulatorError("the simulator CarRacing needs gymnasium: pip install 'eyespot[drive]'.")

    monkeypatch.setattr(_drive_api, "CarRacing", missing)
    page.goto(f"{drive}?lang=de")
    page.get_by_role("button", name="Losfahren").click()
    expect(page.get_by_role("alert")).to_contain_text("Diese Fahrt ist nicht möglich. Der Server meldet auf Englisch:")
    expect(page.get_by_role("alert")).to_contain_text("eyespot[drive]")
