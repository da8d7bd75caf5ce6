"""Generate in a real browser: images by seed and style, the training, and the quiz."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.serving.app import make_app

from ..serving.view_models import generator, write_generator_run
from .reading import accessible, accessible_in_all_settings, layout_faults, missed_by_tab
from .real import serving


@pytest.fixture(scope="module")
def generate(static: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    run = write_generator_run(tmp_path_factory.mktemp("generate") / "art", 0)
    with serving(make_app([generator()], [run], static=static)) as address:
        yield f"{address}#/generate"


def test_images_by_seed_and_style_and_the_training(page: Page, generate: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(generate)
    images = page.get_by_role("list", name="Generated images").get_by_role("img")
    expect(images).to_have_count(36)
    expect(page.get_by_role("list", name="From one image to another").get_by_role("img")).to_have_count(9)
    accessible_in_all_settings(page)
    assert missed_by_tab(page, least=8) == []
    assert layout_faults(page) == {}
    first = images.first.get_attribute("src")
    assert first is not None
    page.get_by_label("Seed", exact=True).last.fill("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("of seed 5;")
    expect(images.first).not_to_have_attribute("src", first)
    page.get_by_role("radio", name="farthest from").check()
    page.get_by_role("combobox", name="Style").select_option("red")
    expect(page.get_by_role("status")).to_contain_text("of seed 5;")
    page.wait_for_url(re.compile("(?=.*style=red)(?=.*side=farthest)"))
    page.get_by_role("link", name="Training").click()
    expect(page.get_by_role("img", name="samples of the same noise after epoch 3")).to_be_visible()
    expect(page.get_by_text("discriminator: 6.5, generator: 0.5, believed: 25.0 %")).to_be_visible()
    page.get_by_role("slider", name="epoch").fill("1")
    expect(page.get_by_role("img", name="after epoch 1")).to_have_attribute("src", "./api/runs/0/samples/1")
    expect(page.get_by_text("discriminator: 2.5,")).to_be_visible()
    accessible(page)


def test_a_quiz_has_a_fixed_length_and_compares_with_the_paper(page: Page, generate: str) -> None:
    page.goto(f"{generate}/quiz?lang=de")
    page.get_by_role("button", name="Beginnen").click()
    expect(page.get_by_role("status")).to_have_text("Bild 1 von 10")
    page.goto(f"{generate}/quiz")
    accessible(page)
    status = page.get_by_role("status")
    pictures: set[str | None] = set()
    for number in range(1, 11):
        expect(status).to_have_text(f"Image {number} of 10")
        pictures.add(page.get_by_role("img", name=f"image {number}", exact=True).get_attribute("src"))
        page.keyboard.press("1")  # always "by a person"
    assert len(pictures) == 10
    expect(page.get_by_text("Correct answers: 50.0 % (23.7 % – 76.3 %)")).to_be_visible()
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows.filter(has_text="you: generated")).to_contain_text("100.00 %")
    for name, share in (("CAN", "53.0 %"), ("DCGAN", "35.0 %"), ("Art Basel", "41.0 %")):
        expect(rows.filter(has=page.get_by_role("rowheader", name=f": {name}"))).to_contain_text(share)
    expect(page.get_by_role("list", name="Images and their origin").get_by_role("listitem")).to_have_count(10)
    accessible(page)
    page.get_by_role("radio", name="40").check()
    page.get_by_role("button", name="Start another one").click()
    expect(page.get_by_role("alert")).to_contain_text("Too few images of people")
