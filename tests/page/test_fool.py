"""What fools the network, in a real browser: by hand, and by searches of eyespot's own server."""

import re
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, expect

from eyespot.images import ImageSpec
from eyespot.serving.app import make_app

from .networks import GRAY, shown
from .real import serving


def opened(page: Page, served: str, query: str = "") -> Locator:
    page.goto("about:blank")
    page.goto(f"{served}#/look?{query}")
    fool = page.get_by_role("region", name="Attack")
    expect(fool).to_be_visible()
    return fool


def test_a_picked_pixel_takes_the_chosen_color_and_the_picture_comes_back(page: Page, served: str) -> None:
    fool = opened(page, served, "call=0&unit=0&y=4&x=8")
    pixel = page.locator(".unit p.formula strong")
    before, answer = pixel.inner_text(), fool.locator(".answers").inner_text()
    fool.get_by_label("Color").fill("#00ff00")
    pad = fool.get_by_role("application", name="Image to modify")
    box = pad.bounding_box()
    pad.click(position={"x": box["width"] * 8.5 / 16, "y": box["height"] * 4.5 / 16})
    expect(pixel).to_have_text("\u22122")  # red 0: (0 - 0.5) / 0.25
    expect(fool.locator(".answers")).to_contain_text("now:")
    pad.press("ArrowRight")
    expect(page.get_by_text("Own image: modified")).to_be_visible()
    fool.get_by_role("button", name="Restore the image").click()
    expect(pixel).to_have_text(before)
    expect(fool.locator(".answers")).to_have_text(answer)


def test_a_grey_pixel_takes_the_brightness_of_the_slider(page: Page, static: Path) -> None:
    gray = shown("gray", GRAY, ImageSpec(height=20, width=20, channels=1), 3)
    with serving(make_app([gray], static=static)) as address:
        fool = opened(page, address, "call=0&unit=0&y=5&x=5")
        slider = fool.get_by_role("slider", name="Color")
        slider.press("Home")
        slider.press("ArrowRight")
        assert slider.input_value() == "1"
        pad = fool.get_by_role("application", name="Image to modify")
        box = pad.bounding_box()
        assert box
        pad.click(position={"x": box["width"] * 5.5 / 20, "y": box["height"] * 5.5 / 20})
        expect(page.locator(".unit p.formula strong")).to_have_text("0.003922")  # 1 / 255


def test_a_search_is_played_step_by_step(page: Page, served: str) -> None:
    fool = opened(page, served)
    fool.get_by_role("combobox", name="Method").select_option("one-pixel")
    slider = fool.get_by_role("slider", name="Maximum changed pixels")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    fool.get_by_role("button", name="Start attack", exact=True).click()
    outcome = fool.locator(".outcome")
    expect(outcome).to_contain_text(re.compile("successful|failed"))
    expect(outcome).to_contain_text(re.compile("pixels changed: [123]"))
    expect(page.get_by_text("Own image: modified")).to_be_visible()
    steps = fool.get_by_role("slider", name="Steps of the search")
    steps.press("Home")
    expect(outcome).to_contain_text("after 0 queries")
    expect(fool.locator(".answers strong.fooled")).to_have_count(0)
    fool.get_by_role("button", name="One step forward").click()
    expect(outcome).to_contain_text("400 queries")
    expect(fool.get_by_role("img", name="Pixels tried in this step")).to_be_visible()


def test_an_attack_by_gradients_shows_the_fooled_picture(page: Page, served: str) -> None:
    fool = opened(page, served)
    fool.get_by_role("combobox", name="Method").select_option("minimum-noise")
    expect(fool.get_by_role("slider", name="Maximum changed pixels")).to_have_count(0)
    fool.get_by_role("button", name="Start attack", exact=True).click()
    expect(fool.locator(".outcome")).to_contain_text("Attack successful.")
    expect(fool.locator(".answers strong.fooled")).to_have_count(1)


def test_a_target_that_is_answered_already_is_refused_with_a_sentence(page: Page, served: str) -> None:
    fool = opened(page, served)
    label = fool.locator(".answers strong").first.inner_text().split()[0]
    fool.get_by_label("Target class").select_option(label)
    fool.get_by_role("button", name="Start attack", exact=True).click()
    expect(fool.get_by_role("alert")).to_contain_text("choose another class")


def test_pixels_that_work_are_mapped_and_tried(page: Page, served: str) -> None:
    fool = opened(page, served)
    fool.get_by_role("button", name="Test every pixel").click()
    works = fool.get_by_text(re.compile("of 256 pixels"))
    expect(works).to_be_visible()
    fool.get_by_role("application", name="Map of vulnerable pixels").click(position={"x": 100, "y": 100})
    expect(page.get_by_text("Own image: modified")).to_be_visible()
    expect(works).to_be_visible()  # the map stays that of the picture before
    page.get_by_role("group", name="Images").get_by_role("button").nth(3).click()
    expect(works).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_never_wider_than_the_window(page: Page, served: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, served, "lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
