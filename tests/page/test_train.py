"""Train in a real browser, with a real training behind it: every control, down to the model that is looked into."""

import fcntl
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.images import encode_png
from eyespot.serving.app import make_app
from eyespot.serving.resources import RunResource
from eyespot.sources import from_arrays, open_source

from .reading import wider_than_the_window
from .real import serving, write_run

TEXT = "conv 4@3x3 same, relu, maxpool 2, conv 6@3x3, relu, flatten, dense"
LONG = 60_000
"""Milliseconds for what another process does first: it begins, imports torch, opens the images."""


@pytest.fixture
def train(static: Path, tmp_path: Path) -> Iterator[str]:
    """The address of Train on a server with one source, one run of another process and one that was stopped."""
    shapes = open_source("synthetic:shapes")
    (tmp_path / "given").mkdir()
    elsewhere = write_run(tmp_path / "given")
    runs = [RunResource(name="elsewhere", folder=elsewhere), RunResource(name="damaged", folder=tmp_path)]
    origins = {0: {"what": "synthetic:shapes", "columns": None}}
    app = make_app((), runs, [shapes], static=static, origins=origins, folder=tmp_path / "runs")
    with (elsewhere / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with serving(app) as address:
            yield f"{address}#/train"


def number(page: Page, name: str) -> str:
    """One of the numbers above the curves."""
    return page.locator("dl div", has_text=name).locator("dd").inner_text()


def picture(page: Page, name: str) -> str:
    """The pixels of the tiles with this name."""
    canvases = page.get_by_role("img", name=name).locator("canvas")
    return str(canvases.evaluate_all("all => all.map(canvas => canvas.toDataURL()).join()"))


def begin(page: Page, epochs: int) -> None:
    page.get_by_role("textbox", name="network as text").fill(TEXT)
    page.get_by_label("epochs", exact=True).fill(str(epochs))
    page.get_by_label("batch size", exact=True).fill("8")
    expect(page.get_by_role("table")).to_contain_text("6 · 3 · 3 · 4 + 6 = 222")
    page.get_by_role("button", name="Start training", exact=True).click()


def test_a_training_is_begun_watched_changed_paused_and_stopped(page: Page, train: str) -> None:
    page.goto(train)
    begin(page, 2000)
    expect(page.get_by_text("training", exact=True).first).to_be_visible(timeout=LONG)
    page.wait_for_url(re.compile("run=2"))
    assert_moves(page)
    assert_changes_count(page)
    assert_a_pause_holds_the_step(page)
    assert_a_second_one_is_refused(page)
    assert_stopped_it_is_a_model(page, train)


def assert_moves(page: Page) -> None:
    """Steps, kernels, maps and answers, several times a second."""
    expect(page.get_by_role("heading", name="Random held-out images")).to_be_visible(timeout=LONG)
    kernels, maps = picture(page, "4 kernels of stages.conv1"), picture(page, "maps of stages.conv1")
    page.wait_for_function(
        "before => [...document.querySelectorAll('[role=img] canvas')].map(c => c.toDataURL()).join() !== before",
        arg=f"{kernels},{maps}",
    )
    expect(page.get_by_role("img", name="loss: training")).to_be_visible()
    expect(page.get_by_role("img", name="accuracy: training")).to_be_visible()
    expect(page.locator("dl div", has_text="time left").locator("dd")).to_contain_text("s", timeout=LONG)
    assert int(number(page, "images per second").replace("\u202f", "")) > 0


def assert_changes_count(page: Page) -> None:
    """From the next step on; what cannot be is refused with a sentence, and nothing is changed."""
    page.get_by_label("batch size", exact=True).fill("100000")
    page.get_by_role("button", name="Apply from the next step").click()
    expect(page.get_by_role("alert")).to_contain_text("batch is 100000; give a number from 2 to 153")
    for label, value in (("maximum learning rate", "0.006"), ("momentum", "0.7"), ("weight decay", "0.01")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("batch size", exact=True).fill("much")
    page.get_by_role("button", name="Apply from the next step").press("Enter")
    expect(page.get_by_text("“batch size” is not a number")).to_be_visible()
    page.get_by_label("batch size", exact=True).fill("16")
    page.get_by_role("button", name="Apply from the next step").press("Enter")
    expect(page.get_by_text("Applies from step")).to_be_visible()
    expect(page.get_by_role("list", name="Changes")).to_contain_text(
        "maximum learning rate 0.006, momentum 0.7, weight decay 0.01, batch size 16"
    )
    expect(page.get_by_label("batch size", exact=True)).to_have_value("16")


def assert_a_pause_holds_the_step(page: Page) -> None:
    """Looking goes on."""
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    held = page.get_by_role("heading", name="Random held-out images")
    items = page.locator("section", has=held).get_by_role("listitem")
    expect(items).to_have_count(12)
    names = [str(button.get_attribute("title")) for button in items.get_by_role("button").all()]
    items.nth(3).get_by_role("button").click()
    expect(items.nth(3).get_by_role("button")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("img", name=f"maps of stages.conv1 for {names[3]}")).to_be_visible()
    page.get_by_role("button", name="Other images").click()
    expect(items.nth(0).get_by_role("button")).not_to_have_attribute("title", names[0])
    step = number(page, "step")  # these images came after the pause, and so did the last step
    page.get_by_label("Layer").select_option("stages.conv2")
    expect(page.get_by_role("img", name="6 kernels of stages.conv2")).to_be_visible()
    assert number(page, "step") == step


def assert_a_second_one_is_refused(page: Page) -> None:
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("training", exact=True).first).to_be_visible()
    page.get_by_role("button", name="New training").click()
    begin(page, 1)
    expect(page.get_by_role("alert")).to_contain_text("'shapes-1' is in training")
    page.get_by_role("combobox", name="Run").select_option("shapes-1")


def assert_stopped_it_is_a_model(page: Page, train: str) -> None:
    """To be looked into and judged."""
    page.get_by_role("button", name="Stop and save the model").click()
    expect(page.get_by_text("finished", exact=True)).to_be_visible(timeout=LONG)
    expect(page.get_by_role("list", name="Changes")).to_contain_text("stopped")
    expect(page.get_by_text("accuracy on test images")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    judge = page.get_by_role("link", name="Predictions").get_attribute("href")
    page.get_by_role("link", name="Look inside").click()
    expect(page.get_by_role("heading", name="shapes-1")).to_be_visible()
    page.goto(train.replace("#/train", judge or ""))
    expect(page.get_by_role("heading", name="Confusion matrix")).to_be_visible()


def test_a_network_is_told_while_it_is_typed_or_chosen(page: Page, train: str) -> None:
    page.goto(train)
    written = page.get_by_role("textbox", name="network as text")
    table, status = page.get_by_role("table"), page.get_by_role("status")
    written.fill("conv 8@5x5, relu, flatten, dense")
    expect(table).to_contain_text("8 · 5 · 5 · 3 + 8 = 608")
    expect(status).to_contain_text("25\u202f700 parameters")  # 608 and 4 (8 28 28 + 1)
    written.fill("conv 8@5x5, relu, flaten, dense")
    expect(status).to_contain_text("flatten")
    expect(table).to_have_count(0)
    expect(page.get_by_role("button", name="Start training", exact=True)).to_be_disabled()
    page.get_by_role("combobox", name="Network", exact=True).select_option("residual")
    expect(page.get_by_text("the default: residual blocks")).to_be_visible()
    expect(table).to_be_visible()
    before = status.inner_text()
    page.get_by_role("combobox", name="Size").select_option("tiny")
    expect(status).not_to_have_text(before)
    page.get_by_role("combobox", name="Task").select_option("denoise")
    expect(table).to_contain_text("3 × 32 × 32")
    page.get_by_role("combobox", name="Network", exact=True).select_option("")
    expect(table).to_have_count(0)
    page.get_by_label("save a snapshot of every epoch").check()
    page.get_by_label("seed").fill("five")
    page.get_by_role("button", name="Start training", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a number")
    page.get_by_label("seed").fill("5")
    page.get_by_label("maximum learning rate").fill("99")
    page.get_by_role("button", name="Start training", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("'rate'")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A folder of two classes with twelve small pictures each, and a file that is no picture."""
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for seed in range(12):
            pixels = np.random.default_rng([seed, len(label), ord(label[0])]).integers(0, 256, (16, 16, 3), np.uint8)
            (tmp_path / "pets" / label / f"{seed}.png").write_bytes(encode_png(pixels))
    (tmp_path / "pets" / "cat" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "pets"


def test_dropped_and_chosen_pictures_become_images_to_train_from(page: Page, train: str, pets: Path) -> None:
    page.goto(train)
    page.get_by_label("Choose a folder").set_input_files(pets)
    classes = page.get_by_role("list", name="Classes")
    expect(classes).to_contain_text("cat: 13")
    page.get_by_label("Class of single files").fill("cow")
    page.get_by_label("Choose files").set_input_files([pets / "dog" / f"{seed}.png" for seed in range(3)])
    expect(classes).to_contain_text("cow: 3")
    page.get_by_role("button", name="Remove").click()
    expect(classes).to_have_count(0)
    page.get_by_label("Choose a folder").set_input_files(pets)
    page.get_by_role("button", name="Use these 25 images").click()
    told = page.get_by_text("for testing")
    expect(told).to_contain_text("pets: ")
    expect(told).to_contain_text("Left out: 1 (broken.png")
    expect(page.get_by_label("Images")).to_have_value("1")
    expect(page.get_by_label("Images").locator("option:checked")).to_have_text("pets (24)")
    expect(page.get_by_text("image of 3 × 16 × 16")).to_be_visible()


def test_files_are_dropped_with_the_mouse(page: Page, train: str) -> None:
    page.goto(train)
    transfer = page.evaluate_handle(
        """() => {
            const transfer = new DataTransfer();
            for (const name of ["a.png", "b.png"]) transfer.items.add(new File(["x"], name, { type: "image/png" }));
            return transfer;
        }"""
    )
    zone = page.locator(".zone")
    page.get_by_label("Class of single files").fill("cow")
    zone.dispatch_event("dragover", {"dataTransfer": transfer})
    zone.dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_role("list", name="Classes")).to_contain_text("cow: 2")
    page.get_by_role("button", name="Use these 2 images").click()
    expect(page.get_by_role("alert")).to_contain_text("holds no picture")


def test_a_real_folder_is_dropped_with_the_mouse(page: Page, train: str, pets: Path) -> None:
    page.goto(train)
    zone = page.locator(".zone")
    zone.scroll_into_view_if_needed()
    box = zone.bounding_box()
    assert box
    protocol = page.context.new_cdp_session(page)
    place = {
        "x": box["x"] + 20,
        "y": box["y"] + 10,
        "data": {"items": [], "files": [str(pets)], "dragOperationsMask": 1},
    }
    for kind in ("dragEnter", "dragOver", "drop"):
        protocol.send("Input.dispatchDragEvent", {"type": kind, **place})
    classes = page.get_by_role("list", name="Classes")
    expect(classes).to_contain_text("cat: 13")
    expect(classes).to_contain_text("dog: 12")


def test_a_run_of_another_program_is_watched_by_its_log(page: Page, train: str, tmp_path: Path) -> None:
    page.goto(f"{train}?run=0")
    expect(page.get_by_text("training in another process")).to_be_visible()
    expect(page.get_by_text("its log is shown here")).to_be_visible()
    expect(page.locator("dl div", has_text="step").locator("dd")).to_have_text("50 / 100")
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    with (tmp_path / "given" / "log.jsonl").open("a") as file:
        line = {"step": 60, "steps": 100, "epoch": 6, "images": 480, "loss": 0.125, "rate": 0.001, "seconds": 6.0}
        file.write(json.dumps(line) + "\n")
    expect(page.locator("dl div", has_text="step").locator("dd")).to_have_text("60 / 100")
    expect(page.get_by_role("img", name="loss: training 0.125")).to_be_visible()


def test_a_run_that_cannot_be_gone_on_with_says_why(page: Page, train: str) -> None:
    page.goto(f"{train}?run=1")
    expect(page.get_by_text("stopped early")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("failed", exact=True)).to_be_visible(timeout=LONG)
    expect(page.get_by_role("alert")).to_contain_text("has no training run")


@pytest.mark.parametrize("query", ["", "&run=0"])
def test_it_is_never_wider_than_the_window_in_german_and_dark(page: Page, train: str, query: str) -> None:
    page.goto(f"{train}?lang=de{query}")
    page.get_by_role("button", name="Dunkle Farben").click()
    shown = page.get_by_role("heading", name="Kurven") if query else page.get_by_role("table")
    expect(shown).to_be_visible()
    assert wider_than_the_window(page) == []


def test_curves_of_several_runs_are_compared(page: Page, train: str) -> None:
    page.goto(train)
    page.get_by_text("Compare runs").click()
    runs = page.get_by_role("region", name="Compare runs")
    expect(runs.get_by_role("combobox", name="Quantity")).to_have_value("validation accuracy")
    value = runs.get_by_role("listitem").filter(has_text="elsewhere").locator("output")
    expect(value).to_have_text("0.5")
    runs.get_by_role("combobox", name="Quantity").select_option("training loss")
    expect(value).to_have_text("0.04")
    plot = runs.get_by_role("img", name="loss (training) of the chosen runs")
    plot.hover(position={"x": 80, "y": 100})  # early in the training
    expect(value).not_to_have_text("0.04")
    runs.get_by_role("heading", name="Compare runs").hover()
    expect(value).to_have_text("0.04")
    runs.get_by_role("slider", name="Smoothing").fill("0.9")
    expect(value).not_to_have_text("0.04")
    runs.get_by_role("checkbox", name="elsewhere").uncheck()
    expect(value).to_have_text("\u2013")


def test_a_source_is_looked_through_before_a_training(page: Page, static: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (6, 12, 16, 3), dtype=np.uint8)
    pixels[4] = pixels[1]
    rows = [{"label": label} for label in ("ant", "ant", "ant", "bee", "bee", "bee")]
    with serving(make_app(sources=[from_arrays("example:a", "a", pixels, rows)], static=static)) as address:
        page.goto(f"{address}#/train")
        findings = page.get_by_role("region", name="Before you train")
        examples = findings.get_by_role("list", name="Examples of each class").get_by_role("listitem")
        expect(examples.first).to_contain_text("ant: 3 images – fewer than 10 images")
        expect(examples.first.locator("img")).to_have_count(3)
        findings.get_by_text("The same image with different labels: 1 pair").click()
        expect(findings.get_by_role("img", name="example:a").first).to_be_visible()
        findings.get_by_role("button", name="Look for doubtful labels").click()
        expect(findings.get_by_role("alert")).to_contain_text("too few for a data audit")
