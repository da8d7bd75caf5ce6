"""Judge in a real browser: the predictions of two runs, down to what happened inside the network."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, expect

from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource, RunResource
from eyespot.sources import open_source

from .reading import wider_than_the_window
from .real import CLASSES, serving, small_model

COUNT = 150
UNSURE = "unknown"


def table(names: list[str], every: int) -> list[dict[str, object]]:
    """Predictions of which every so-many-th is wrong, ever surer, and every fifth unsure."""
    rows: list[dict[str, object]] = []
    for i, name in enumerate(names):
        target = CLASSES[i % 3]
        label = CLASSES[(i + 1) % 3] if i % every == 0 else target
        answer, sure = (UNSURE, 0.4) if i % 5 == 0 else (label, 0.6 + i / 1000)
        row = {"image": name, "target": target, "answer": answer, "label": label, "probability": sure}
        rows.append(row | {"right": label == target})
    return rows


def tagged() -> list[dict[str, object]]:
    """Two tags of ten images: "dark" has a probability of i / 10, and is there from the fourth image on."""
    return [
        {"image": f"{i}.png", "target:dark": float(i > 3), "target:round": 1.0, "answer": "round"}
        | {"probabilities:dark": i / 10, "probabilities:round": 0.9}
        for i in range(10)
    ]


def score_of(score: float, seconds: float) -> dict[str, object]:
    interval = [score - 0.05, score + 0.05]
    return {"metric": "accuracy", "unit": "", "score": score, "interval": interval, "count": COUNT, "seconds": seconds}


def write(folder: Path, task: str, rows: list[dict[str, object]], result: dict[str, object] | None = None) -> Path:
    folder.mkdir()
    (folder / "recipe.json").write_text(json.dumps({"task": {"name": task}}))
    if result:
        (folder / "result.json").write_text(json.dumps(result))
    with (folder / "predictions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture(scope="module")
def judge(static: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two runs over the same images, one that gives numbers, and one whose predictions are not there."""
    base = tmp_path_factory.mktemp("judge")
    rows = open_source("synthetic:shapes").train.rows[:COUNT]
    names = [row.name for row in rows[:-1]] + ["moved.png"]  # the last image is no longer there
    steered = [{"image": f"{i}.png", "target": 1.0, "answer": 1 + i / 8, "error": i / 8} for i in range(4)]
    folders = [
        write(base / "first", "classify", table(names, 6), score_of(0.8333, 25)),
        write(base / "second", "classify", table(names, 10), score_of(0.9, 9)),
        write(base / "steered", "regress", steered),
        base / "empty",
        write(base / "tags", "tag", tagged(), {"details": {"per_tag": [{"tag": "dark", "threshold": 0.5}]}}),
    ]
    runs = [
        RunResource(name=folder.name, folder=folder, model=0 if i < 2 else None) for i, folder in enumerate(folders)
    ]
    with serving(
        make_app([ModelResource(name="shapes", model=small_model(), rows=rows)], runs, static=static)
    ) as address:
        yield address


def opened(page: Page, judge: str, query: str = "") -> Locator:
    page.goto("about:blank")
    page.goto(f"{judge}#/judge?{query}")
    expect(page.get_by_role("heading", name="Judge")).to_be_visible()
    return page.get_by_role("list", name="Images").get_by_role("listitem")


def status(page: Page) -> Locator:
    return page.get_by_role("status")


def test_a_cell_of_the_matrix_shows_its_images_and_one_opens_inside(page: Page, judge: str) -> None:
    items = opened(page, judge)
    expect(status(page)).to_contain_text(f"{COUNT} of {COUNT}")
    cell = page.get_by_role("button", name="true circle, predicted square: 25")
    cell.press("Enter")
    expect(status(page)).to_contain_text(f"25 of {COUNT}")
    expect(cell).to_have_attribute("aria-pressed", "true")
    expect(items).to_have_count(25)
    page.reload()  # the cell is in the address
    expect(items).to_have_count(25)
    link = items.first.get_by_role("link")
    row = int(link.get_attribute("href").split("image=")[1])
    assert row == 144  # the surest of the wrong ones; 150 is beyond
    link.click()
    expect(page.get_by_role("heading", name="shapes", exact=True)).to_be_visible()
    page.wait_for_url(re.compile(f"(?=.*image={row})(?=.*model=0)"))
    page.go_back()
    page.get_by_role("button", name="All images").click()
    expect(status(page)).to_contain_text(f"{COUNT} of {COUNT}")


@pytest.mark.parametrize(("name", "count"), [("correct", 125), ("incorrect", 25), ("uncertain", 30)])
def test_a_filter_leaves_what_it_says(page: Page, judge: str, name: str, count: int) -> None:
    items = opened(page, judge)
    page.get_by_role("radio", name=name, exact=True).check()
    expect(status(page)).to_contain_text(f"{count} of {COUNT}")
    for told in items.all_text_contents():
        assert name in told


def test_worst_is_first_until_the_order_of_the_table_is_asked_for(page: Page, judge: str) -> None:
    items = opened(page, judge)
    expect(items.first).to_contain_text("74.4 %")
    expect(items.first).to_contain_text("incorrect")
    page.get_by_role("radio", name="as in the table").check()
    expect(items.first).to_contain_text("40.0 %")
    page.wait_for_url(re.compile("order=row"))


def test_images_come_a_hundred_at_a_time_and_are_drawn_when_seen(page: Page, judge: str) -> None:
    items = opened(page, judge, "order=row")
    expect(items).to_have_count(100)
    drawn = "canvas => canvas.getContext('2d').getImageData(0, 0, 1, 1).data[3] === 255 && canvas.width === 16"
    page.wait_for_function(f"() => ({drawn})(document.querySelector('li canvas'))")
    assert not items.nth(99).locator("canvas").evaluate(drawn), "it is far below the window"
    page.get_by_role("button", name="Show 50 more").click()
    expect(items).to_have_count(COUNT)
    expect(items.last).to_contain_text("Image not found.")
    expect(page.get_by_role("button", name="more")).to_have_count(0)


def test_two_runs_are_compared_where_they_differ_first(page: Page, judge: str) -> None:
    items = opened(page, judge, "order=row")
    page.get_by_label("Compare with").select_option("second")
    # Wrong in one alone: of the 25 and the 15, the 5 that both have wrong are wrong alike.
    expect(status(page)).to_contain_text(f"differ on 30 of {COUNT} shared images")
    expect(items.first).to_contain_text("second")
    expect(items.first.get_by_role("link")).to_have_attribute("href", "#/look?model=0&image=6")
    comparison = page.get_by_role("region", name="Comparison")
    expect(comparison).to_contain_text("Only first is correct on 10 images, only second on 20")
    expect(comparison.get_by_role("table")).to_have_count(3)
    # Of 50 circles, the second classifies 45 correctly, and the first 25: every circle of an even row is wrong there.
    difference = comparison.get_by_role("table").last.get_by_role("row")
    expect(difference.nth(1).get_by_role("cell")).to_have_text(["+20", "\u221220", "0"])
    page.get_by_role("radio", name="only second correct").check()
    expect(status(page)).to_contain_text(f"20 of {COUNT} images")
    page.get_by_label("Compare with").select_option("no other run")
    expect(items.first).not_to_contain_text("second")
    expect(comparison).to_have_count(0)


def test_the_score_has_its_interval_and_every_class_its_figures(page: Page, judge: str) -> None:
    opened(page, judge)
    expect(page.locator(".score")).to_contain_text("accuracy 83.3 % (78.3 % – 88.3 %)")
    figures = page.get_by_role("region", name="Precision, recall").get_by_role("row")
    circle = figures.filter(has=page.get_by_role("rowheader", name="circle")).get_by_role("cell")
    expect(circle).to_have_text(["50", "100.00 %", "50.0 % (36.6 % – 63.4 %)", "66.7 %"])
    expect(page.get_by_role("img", name="expected calibration error")).to_be_visible()
    expect(page.get_by_role("img", name="Error by the share of rejected answers")).to_be_visible()
    matrix, images = (page.get_by_role(kind, name=name) for kind, name in (("region", "Confusion"), ("list", "Images")))
    assert images.bounding_box()["x"] > matrix.bounding_box()["x"] + 200  # beside each other
    assert images.bounding_box()["y"] < matrix.bounding_box()["y"] + matrix.bounding_box()["height"]


def test_runs_are_sorted_by_any_column_and_opened_from_the_table(page: Page, judge: str) -> None:
    opened(page, judge)
    runs = page.get_by_role("region", name="Runs").last
    names = runs.get_by_role("rowheader")
    expect(names).to_have_count(5)
    expect(names).to_have_text(["first", "second", "steered", "empty", "tags"])
    runs.get_by_role("button", name="score").click()
    expect(runs.get_by_role("columnheader", name="score")).to_have_attribute("aria-sort", "descending")
    expect(names.nth(0)).to_have_text("second")
    expect(names.nth(1)).to_have_text("first")
    runs.get_by_role("button", name="run", exact=True).click()
    expect(names).to_have_text(["empty", "first", "second", "steered", "tags"])
    runs.get_by_role("button", name="tags").click()
    # A threshold of 0.5 finds 5 of the 6 dark images, one of 0.2 all 6 and two others.
    thresholds = page.get_by_role("region", name="Thresholds").last
    expect(thresholds.get_by_role("button", name="dark, found: 5")).to_be_visible()
    thresholds.get_by_label("Threshold of dark").fill("0.2")
    thresholds.get_by_role("button", name="dark, false: 2").click()
    expect(status(page)).to_contain_text("2 of 10 images")
    page.get_by_role("button", name="Reset thresholds").click()
    expect(thresholds.get_by_role("button", name="dark, missed: 1")).to_be_visible()


def test_numbers_are_listed_by_their_error_without_a_matrix(page: Page, judge: str) -> None:
    items = opened(page, judge)
    page.get_by_role("combobox", name="Run", exact=True).select_option("steered")
    expect(page.get_by_text("No confusion matrix for this task")).to_be_visible()
    expect(page.get_by_role("region", name="Confusion")).to_have_count(0)
    expect(items.first).to_contain_text("error 0.375")


def test_a_run_without_predictions_says_so(page: Page, judge: str) -> None:
    opened(page, judge, "run=3")
    expect(page.get_by_role("alert")).to_contain_text("wait until its training is finished")
    page.goto("about:blank")
    page.goto(f"{judge}#/judge?run=3&lang=de")
    expect(page.get_by_role("alert")).to_contain_text("hat noch keine Vorhersagen")


def test_it_is_never_wider_than_the_window_in_german_and_dark(page: Page, judge: str) -> None:
    page.goto(f"{judge}#/judge?lang=de&other=1")
    expect(page.get_by_role("heading", name="Auswerten")).to_be_visible()
    page.get_by_role("button", name="Dunkle Farben").click()
    expect(page.get_by_role("list", name="Bilder").get_by_role("listitem")).to_have_count(100)
    assert wider_than_the_window(page) == []


def test_the_map_of_the_images_is_colored_searched_by_lasso_and_leads_inside(page: Page, judge: str) -> None:
    names = [row.name for row in open_source("synthetic:shapes").train.rows[:5]]
    asked = []

    def survey(route) -> None:
        asked.append(route.request.url)
        places = [[0, 0], [10, 0], [0, 5], [10, 5], [5, 2.5]]
        right = [False, True, True, True, None]
        route.fulfill(json={"layer": "features", "names": names, "places": places, "right": right})

    page.route("**/api/sources", lambda route: route.fulfill(json={"sources": [SOURCE]}))
    page.route("**/survey*", survey)
    page.goto("about:blank")
    page.goto(f"{judge}#/judge")
    section = page.get_by_role("region", name="Map of the images")
    section.get_by_role("button", name="Lay out shapes (5 images)").click()
    image = section.locator("circle")
    expect(image).to_have_count(5)
    assert "by=map&source=0&part=test" in asked[0]
    expect(section).to_contain_text("5 images by t-SNE of the features of layer features")
    expect(section.get_by_role("list", name="class").get_by_role("listitem")).to_have_text(sorted(CLASSES))
    fills = [one.evaluate("one => getComputedStyle(one).fill") for one in image.all()]
    assert fills[0] == fills[3] != fills[1] and "wrong" in image.nth(0).get_attribute("class")
    section.get_by_label("right or wrong").check()
    expect(image.nth(1)).not_to_have_css("fill", fills[1])

    before = image.nth(0).bounding_box()
    section.get_by_role("button", name="Zoom in").click()
    expect(section.get_by_role("button", name="Show all")).to_be_visible()
    assert image.nth(0).bounding_box() != before
    section.get_by_role("button", name="Show all").click()
    section.get_by_role("button", name="Lasso").click()
    section.get_by_role("application").scroll_into_view_if_needed()
    box = section.get_by_role("application").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for x, y in ((box["width"] / 4, 2), (box["width"] / 4, box["height"] - 2), (2, box["height"] - 2)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
    page.mouse.up()
    expect(section.get_by_role("status")).to_have_text("2 images selected")
    expect(section.get_by_role("link", name="Look inside")).to_have_count(2)

    section.get_by_role("application").press("ArrowRight")
    section.get_by_role("application").press("ArrowRight")
    expect(section.locator("#map-image")).to_contain_text(names[4])
    section.get_by_role("application").press("Enter")
    expect(page).to_have_url(re.compile("#/look.*image=4"))


def test_answers_that_are_numbers_are_the_colors_of_the_map(page: Page, judge: str) -> None:
    found = {"layer": "features", "names": list("abc"), "places": [[0, 0], [10, 0], [0, 5]], "right": [None] * 3}
    page.route("**/api/sources", lambda route: route.fulfill(json={"sources": [SOURCE]}))
    page.route("**/survey*", lambda route: route.fulfill(json=found | {"values": [0.1, 0.6, 0.9]}))
    page.goto("about:blank")
    page.goto(f"{judge}#/judge")
    section = page.get_by_role("region", name="Map of the images")
    section.get_by_role("button", name="Lay out shapes (5 images)").click()
    expect(section.locator("circle")).to_have_count(3)
    assert len({one.evaluate("one => getComputedStyle(one).fill") for one in section.locator("circle").all()}) == 3
    expect(section.locator("figure")).to_contain_text("predicted number")
    expect(section.get_by_label("right or wrong")).to_have_count(0)
    section.get_by_role("application").press("ArrowRight")
    expect(section.locator("#map-image")).to_have_text("a: 0.1")


SOURCE = {"id": 0, "name": "shapes", "parts": {"test": 5}}
