"""Detections in Judge in a real browser: the threshold decides what is found, missed and false, and what is drawn."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.serving.app import make_app

from ..serving.view_models import locator, write_located
from .reading import accessible, accessible_in_all_settings, layout_faults
from .real import serving


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
        page.wait_for_url(re.compile("threshold=0.3"))
        page.get_by_role("button", name="Threshold of the training (0.50)").click()
        expect(first).to_contain_text("1 found, 1 missed, 1 false")
        accessible_in_all_settings(page)
        assert layout_faults(page) == {}


def test_people_and_the_model_answer_for_the_same_patches(page: Page, static: Path, tmp_path: Path) -> None:
    run = write_located(tmp_path / "cells", 0)
    there = [[2.0 * number + 3, 4.0] for number in range(12)]
    rows = [{"image": "0.png", "target": there, "answer": "", "points": []}]
    rows[0]["points"] = [{"point": point, "score": 0.9} for point in there[:6]]
    rows.append({"image": "1.png", "target": [], "answer": "", "points": []})
    (run.folder / "predictions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run.folder / "result.json").write_text(json.dumps({"details": {"threshold": 0.5, "radius": 2.0}}))
    requested: list[str] = []
    with serving(make_app([locator()], [run], static=static)) as address:
        page.goto(f"{address}#/judge")
        quiz = page.get_by_role("region", name="You and the model")
        expect(quiz).to_contain_text("Not a medical device.")
        quiz.get_by_role("button", name="Start").click()
        for number in range(20):
            expect(quiz.get_by_role("status")).to_contain_text(str(number + 1))
            page.on("request", lambda request: requested.append(request.url)) if number == 0 else None
            page.keyboard.press("1")
        rows = quiz.get_by_role("table").get_by_role("row")
        expect(rows.nth(1)).to_contain_text("50")
        figures = rows.all_inner_texts()
        assert "50" in figures[1] and figures[1].startswith("You")
        # The model has found 4 to 6 of the 10 objects that are shown, and nothing where there is none.
        shares = [float(figures[2].split("\t")[-1].split("%")[0].strip())]
        assert 70 <= shares[0] <= 80
        assert "0.859 ± 0.012" in figures[3] and "0.873 ± 0.004" in figures[4]
        assert requested == []  # answers stay in the page
        accessible(page)
        assert layout_faults(page) == {}
