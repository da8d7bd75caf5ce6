"""Time in a real browser: the network after each epoch, what is open staying open; gradients of a class; figures."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.serving._snapshots import at_epoch
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource

from .networks import outputs_of, picture, rows_of
from .reading import agrees, open_settings
from .real import serving, small_model

EPOCHS = (0, 1, 2)
OPEN = "call=1&unit=2&y=3&x=4"


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> ModelResource:
    """A model whose weights grew from epoch to epoch."""
    folder: Path = tmp_path_factory.mktemp("snapshots")
    for epoch in EPOCHS:
        stage = small_model()
        with torch.no_grad():
            for weight in stage.network.parameters():
                weight.mul_((epoch + 1) / 4)
        stage.save(folder / f"epoch-{epoch:04d}.safetensors")
    pictures = [picture(seed, 16, 16, 3) for seed in range(2)]
    return ModelResource(name="shapes", model=small_model(), rows=rows_of(pictures), snapshots=folder)


@pytest.fixture(scope="module")
def served(static: Path, trained: ModelResource) -> Iterator[str]:
    with serving(make_app([trained], static=static)) as address:
        yield address


def opened(page: Page, served: str, query: str = "") -> Page:
    page.goto("about:blank")
    page.goto(f"{served}#/look?{query}")
    expect(page.locator(".scroll")).to_be_visible()
    return page


def wanted(trained: ModelResource, epoch: int | None, image: int = 0) -> float:
    shown = trained if epoch is None else at_epoch(trained, epoch)
    return float(outputs_of(shown, image)[1][2, 3, 4])


def assert_shows(page: Page, value: float) -> None:
    """Wait until the open number is this one."""
    page.wait_for_function(
        """value => {
          const text = document.querySelector(".numbers .value")?.textContent ?? "";
          return Math.abs(Number(text.replace("\\u2212", "-")) - value) < 1e-4;
        }""",
        arg=value,
    )
    assert agrees(page.locator(".numbers .value").inner_text(), value)


def test_the_open_number_stays_open_from_epoch_to_epoch_and_from_picture_to_picture(page, served, trained) -> None:
    opened(page, served, OPEN)
    time = page.get_by_role("group", name="Epoch")
    assert_shows(page, wanted(trained, None))
    time.get_by_role("slider").fill("0")
    expect(time).to_contain_text("untrained")
    assert_shows(page, wanted(trained, 0))
    time.get_by_role("button", name="One step forward").click()
    expect(time).to_contain_text("epoch 1")
    assert_shows(page, wanted(trained, 1))
    page.get_by_role("button", name="1.png").click()
    assert_shows(page, wanted(trained, 1, image=1))
    page.wait_for_url(re.compile("epoch=1"))
    page.wait_for_url(re.compile("(?=.*call=1)(?=.*unit=2)"))
    time.get_by_role("button", name="One step back").click()
    assert_shows(page, wanted(trained, 0, image=1))
    time.get_by_role("button", name="Play").click()
    expect(time).to_contain_text("epoch 2")
    time.get_by_role("button", name="Pause").click()


def test_a_unit_is_shown_over_the_epochs_and_each_is_a_way_there(page, served, trained) -> None:
    opened(page, served, OPEN)
    over = page.get_by_role("region", name="This unit over the epochs")
    over.get_by_role("button", name="This unit over the epochs").click()
    stages = over.get_by_role("listitem")
    expect(stages).to_have_count(len(EPOCHS) + 1)
    for stage, epoch in zip(stages.all(), [*EPOCHS, None], strict=True):
        assert agrees(stage.locator("strong").inner_text(), wanted(trained, epoch))
    over.get_by_role("button", name="epoch 2").click()
    assert_shows(page, wanted(trained, 2))
    expect(over.get_by_role("button", name="epoch 2")).to_have_attribute("aria-pressed", "true")
    over.get_by_role("button", name="This unit over the epochs").click()
    expect(stages).to_have_count(0)


def test_edited_weights_of_an_epoch_go_back_to_that_epoch(page, served, trained) -> None:
    opened(page, served, f"{OPEN}&epoch=1")
    assert_shows(page, wanted(trained, 1))
    bias = page.get_by_label("Bias", exact=True)
    bias.fill("2.5")
    bias.press("Enter")
    expect(page.get_by_text("Weights modified")).to_be_visible()
    page.get_by_role("button", name="Reset weights").click()
    expect(page.get_by_text("Weights modified")).to_have_count(0)
    assert_shows(page, wanted(trained, 1))


def test_an_epoch_in_the_address_is_not_overtaken_by_the_finished_network(page, served, trained) -> None:
    finished = re.compile(r"/api/models/0/weights$")
    page.route(finished, lambda route: (page.wait_for_timeout(300), route.continue_()))
    opened(page, served, f"{OPEN}&epoch=1")
    page.wait_for_timeout(600)  # as long as a wrong answer would need to be shown
    assert_shows(page, wanted(trained, 1))


def test_what_is_explained_is_the_network_of_the_epoch(page, served) -> None:
    opened(page, served, "why=occlusion&epoch=0")
    with page.expect_request(lambda request: "explain" in request.url and "epoch=2" in request.url):
        page.get_by_role("slider", name="Epoch").fill("2")
    expect(page.get_by_role("region", name="Explanations").get_by_role("alert")).to_have_count(0)


def test_gradients_of_any_class_are_pytorchs_and_the_same_number_stays_open(page, served, trained) -> None:
    opened(page, served, OPEN)
    open_settings(page)
    page.get_by_role("radio", name="gradients").check()
    pixels = trained.pixels(trained.rows[0].picture)
    for label in ("square", "triangle"):
        page.get_by_role("combobox", name="Explained class", exact=True).select_option(label)
        slope = trained.gradients(pixels, label)[1]
        reach = page.locator("section.call").nth(1).locator(".range")
        page.wait_for_function(
            """value => {
              const text = document.querySelectorAll("section.call")[1].querySelector(".range")?.textContent ?? "";
              return Math.abs(Number(text.replace("\u00b1", "")) - value) <= 6e-3 * value;
            }""",
            arg=float(slope.abs().max()),
        )
        assert agrees(reach.inner_text().removeprefix("\u00b1"), float(slope.abs().max()))
        assert agrees(page.locator(".gradient").inner_text().split(" ")[-1], float(slope[2, 3, 4]))
    expect(page.get_by_role("img", name=re.compile("Gradients of conv1, unit 3"))).to_be_visible()
    page.wait_for_url(re.compile(f"{OPEN}.*of=triangle"))
    page.get_by_role("radio", name="activations").check()
    expect(page.locator(".gradient")).to_have_count(0)


def test_the_figures_of_a_unit_and_its_layer_are_pytorchs(page, served, trained) -> None:
    opened(page, served, "call=2&unit=1")
    layer = outputs_of(trained)[2].numpy()
    for row, values in zip(page.locator("table tbody tr:nth-child(odd)").all()[:2], (layer[1], layer), strict=True):
        low, high, mean, zeros = row.locator("td").all_inner_texts()
        assert agrees(low, float(values.min())) and agrees(high, float(values.max()))
        assert agrees(mean, float(values.mean(dtype=np.float64)))
        assert float(zeros.removesuffix(" %")) == pytest.approx(float((values == 0).mean() * 100), abs=0.06)


def test_a_model_without_snapshots_has_no_time(browser, static: Path, trained: ModelResource) -> None:
    with serving(make_app([replace(trained, snapshots=None)], static=static)) as address:
        tab = browser.new_page(locale="en-US")
        tab.goto(f"{address}#/look?{OPEN}")
        expect(tab.locator(".unit")).to_be_visible()
        expect(tab.get_by_role("group", name="Epoch")).to_have_count(0)
        expect(tab.get_by_role("region", name="This unit over the epochs")).to_have_count(0)
        tab.close()
