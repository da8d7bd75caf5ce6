"""Trade-offs in a real browser: the front, the recommendation, and the table, together."""

from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.serving.app import make_app

from ..serving.written_study import write_study
from .reading import accessible_in_all_settings, layout_faults
from .real import serving


def test_a_study_is_shown_and_its_points_lead_to_their_rows(page: Page, static: Path, tmp_path: Path) -> None:
    with serving(make_app(studies=[write_study(tmp_path / "study")], static=static)) as address:
        page.set_viewport_size({"width": 390, "height": 900})
        page.goto(f"{address}#/tradeoff")
        expect(page.get_by_role("heading", level=2)).to_have_text("Recommended: residual, int8, 1 thread")
        expect(page.get_by_text("eyespot train photos/ --network residual")).to_be_visible()
        points = page.locator("svg g[role=button]")
        expect(points).to_have_count(3)
        points.nth(1).press("Enter")
        expect(page.get_by_role("status")).to_contain_text("residual, int8, 1 thread: 2 ms, 90.0 % ± 1.96 %")
        expect(page.locator("tr.chosen")).to_contain_text("Recommended, front")
        page.get_by_text("peak memory", exact=True).click()
        expect(points).to_have_count(2)  # of one point it was not measured
        accessible_in_all_settings(page)
        assert layout_faults(page) == {}
        with page.expect_popup() as opened:
            page.get_by_role("link", name="Page of the study").click()
        expect(opened.value.get_by_role("heading")).to_have_text("Which network fits: photos/")
