"""Detections in Judge in a real browser: the threshold decides what is found, missed and false, and what is drawn."""

from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.serving.app import make_app

from ..serving.view_models import locator, write_located
from .real import serving
from .test_access import SCRIPT


def test_a_threshold_moves_counts_and_what_is_drawn(page: Page, static: Path, tmp_path: Path) -> None:
    app = make_app([locator()], [write_located(tmp_path / "cells", 0)], static=static)
    with serving(app) as address:
        page.goto(f"{address}#/judge")
        cells = page.get_by_role("region", name="At this threshold").get_by_role("cell")
        expect(cells.first).to_have_text("1")
        assert cells.all_text_contents()[:3] == ["1", "1", "1"]
        first = page.get_by_role("list", name="Images with detections").get_by_role("listitem").first
        expect(first.get_by_role("link")).to_have_accessible_name("0.png: 1 found, 1 missed, 1 false")
        expect(first.locator("circle.found")).to_have_attribute("cx", "5")
        expect(first.locator("circle.missed")).to_have_attribute("cx", "20")
        page.get_by_role("slider", name="Score from which").fill("0.3")
        expect(first).to_contain_text("2 found, 0 missed, 1 false")
        expect(first.locator("circle.missed")).to_have_count(0)
        page.get_by_role("checkbox", name="false").uncheck()
        expect(first.locator("circle.false")).to_have_count(0)
        assert "threshold=0.3" in page.url
        page.get_by_role("button", name="Threshold of the training (0.50)").click()
        expect(first).to_contain_text("1 found, 1 missed, 1 false")
        assert not page.evaluate(f"{SCRIPT}; contrastFaults()")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
