"""Detections in Judge in a real browser: the threshold decides what is found, missed and false, and what is drawn."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.images import write_png
from eyespot.serving.app import make_app
from eyespot.sources.source import Row

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


@pytest.mark.parametrize("width", [1280, 390])
def test_mistakes_of_the_annotations_are_corrected_in_a_new_table(
    page: Page, static: Path, tmp_path: Path, width: int
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    files = [write_png(np.full((24, 32, 3), shade, np.uint8), folder / f"{shade}.png") for shade in (90, 91)]
    rows = [Row(picture=str(file), name=file.name, values={}, location=file.name) for file in files]
    app = make_app([replace(locator(), rows=rows)], [write_located(tmp_path / "cells", 0)], static=static)
    page.set_viewport_size({"width": width, "height": 900})
    with serving(app) as address:
        page.goto(f"{address}#/judge")
        page.get_by_role("button", name="Correct the annotations of 0.png").click()
        dialog = page.get_by_role("dialog", name="Annotations of 0.png")
        expect(dialog.locator(".mark")).to_have_text(["1", "2"])
        dialog.get_by_role("checkbox", name="1: missed object").check()
        dialog.get_by_role("checkbox", name="2: false detection").check()
        accessible(page)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("button", name="Correct the annotations of 0.png (2)")).to_be_visible()
        expect(page.get_by_text("2 corrections in 1 image.")).to_be_visible()
        page.get_by_role("button", name="Write a corrected table beside the images").click()
        expect(page.get_by_text("Written: data/corrections.csv.")).to_be_visible()
        lines = (folder / "corrections.csv").read_text().splitlines()
        assert lines == ["path,points", '90.png,"[[5.0, 5.0], [30.0, 20.0]]"', "91.png,[]"]
        assert width == 1280 or layout_faults(page) == {}
        page.get_by_role("button", name="Discard them").click()
        expect(page.get_by_role("button", name="Correct the annotations of 0.png", exact=True)).to_be_visible()


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
