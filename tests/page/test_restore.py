"""Denoise and Colorize in a real browser: an image of one's own, noise, settings, and colors that are known."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, expect

from eyespot.images import write_png
from eyespot.serving.app import make_app
from eyespot.tasks.task import Hint

from ..serving.view_models import ModelResource, colorizer, denoiser
from .reading import accessible_in_all_settings, layout_faults, missed_by_tab
from .real import serving

SIZE = (24, 30)


@pytest.fixture(scope="module")
def models() -> list[ModelResource]:
    return [denoiser(), colorizer("regression"), colorizer("rebalanced")]


@pytest.fixture(scope="module")
def served(static: Path, models: list[ModelResource]) -> Iterator[str]:
    with serving(make_app(models, static=static)) as address:
        yield address


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write_png(np.random.default_rng(0).integers(60, 200, (*SIZE, 3), dtype=np.uint8), tmp_path / "a photo.png")


def choose(page: Page, photo: Path) -> Locator:
    """Choose the photo; return what is shown of the result."""
    page.locator("input[type=file]").set_input_files(photo)
    result = page.get_by_role("region", name="Result")
    expect(result).to_have_attribute("aria-busy", "false")
    return result


def saved(page: Page) -> tuple[str, np.ndarray]:
    """Name and pixels of the file that is saved."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the result").click()
    return download.value.suggested_filename, np.asarray(
        Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_noise_is_added_to_an_own_image_and_removed(
    page: Page, served: str, models: list[ModelResource], photo: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{served}#/denoise")
    expect(page.get_by_role("link", name="Denoise")).to_have_attribute("aria-current", "page")
    result = choose(page, photo)
    expect(result).to_contain_text("a picture of 30 x 24 pixels")
    expect(result).to_contain_text("the image is color, the model and its answer gray")
    expect(result).not_to_contain_text("PSNR")
    name, pixels = saved(page)
    assert name == "a photo.denoised.png"
    assert (pixels == models[0].model.predict(photo)["picture"][..., 0]).all()
    page.get_by_role("combobox", name="Noise to add first").select_option("text over it")
    expect(result).to_contain_text("PSNR against the image without noise")
    page.get_by_role("textbox", name="Fraction of the pixels").fill("0.5")
    page.keyboard.press("Tab")
    page.wait_for_url("**noise=text&amount=0.5**")
    page.get_by_role("slider", name="Strength").fill("0")
    expect(result).to_have_attribute("aria-busy", "false")
    values = result.get_by_text("PSNR").inner_text().replace(" dB", "").split()
    assert values[-2] == values[-4]  # nothing was removed
    accessible_in_all_settings(page)
    if width == 390:
        assert missed_by_tab(page, least=8) == []
        assert layout_faults(page) == {}


def test_known_colors_change_the_result_and_can_be_removed(
    page: Page, served: str, models: list[ModelResource], photo: Path
) -> None:
    page.goto(f"{served}#/colorize")
    result = choose(page, photo)
    expect(result).to_contain_text("the colors are invented, not known")
    plain = saved(page)[1]
    assert page.get_by_label("Color of this place").is_disabled()
    page.get_by_role("application", name="Image to pick a place on").click(position={"x": 5, "y": 5})
    color = page.get_by_label("Color of this place")
    assert color.input_value() == "#" + bytes(plain[0, 0].tolist()).hex()  # what it has now
    color.fill("#c03020")
    known = page.get_by_role("list", name="Known colors")
    expect(known).to_contain_text("row 0, column 0: #c03020")
    expect(result).to_have_attribute("aria-busy", "false")
    page.keyboard.press("Tab")
    name, pixels = saved(page)
    assert name == "a photo.colorized.png"
    hints = [Hint(row=0, column=0, color=(0xC0, 0x30, 0x20))]
    assert (pixels == models[1].model.predict(photo, hints)["picture"]).all() and (pixels != plain).any()
    accessible_in_all_settings(page)
    page.get_by_role("button", name="Remove the color at row 0, column 0").click()
    expect(known).to_have_count(0)
    expect(result).to_have_attribute("aria-busy", "false")
    assert (saved(page)[1] == plain).all()


def test_a_model_of_classes_offers_proposals(page: Page, served: str, photo: Path) -> None:
    page.goto(f"{served}#/colorize?model=2&saturation=3")
    result = choose(page, photo)
    usual = saved(page)[1]
    page.get_by_role("radio", name="warmer").check()
    expect(result).to_have_attribute("aria-busy", "false")
    assert (saved(page)[1] != usual).any()
    page.goto(f"{served}#/colorize?model=1")
    choose(page, photo)
    expect(page.get_by_role("radio")).to_have_count(0)


def test_a_large_image_is_shown_smaller_and_saved_at_its_size(
    page: Page, served: str, models: list[ModelResource], tmp_path: Path
) -> None:
    large = np.random.default_rng(0).integers(60, 200, (60, 75, 3), dtype=np.uint8).repeat(20, 0).repeat(20, 1)
    photo = write_png(large, tmp_path / "large.png")
    page.goto(f"{served}#/colorize")
    result = choose(page, photo)
    expect(result).to_contain_text("a color image of chroma")
    page.get_by_role("application", name="Image to pick a place on").click(position={"x": 319, "y": 255})
    page.get_by_label("Color of this place").fill("#c03020")
    expect(page.get_by_role("list", name="Known colors")).to_contain_text("row 815, column 1020: #c03020")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the result at full size").click()
    assert download.value.suggested_filename == "large.colorized.png"
    saved = np.asarray(Image.open(io.BytesIO(Path(download.value.path()).read_bytes())))
    hints = [Hint(row=1194, column=1494, color=(0xC0, 0x30, 0x20))]
    assert (saved == models[1].model.predict(photo, hints)["picture"]).all()


def test_a_broken_file_and_a_missing_model_are_explained(page: Page, static: Path, served: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    page.goto(f"{served}#/denoise")
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_role("alert")).to_contain_text("is not an image")
    with serving(make_app([], static=static)) as address:
        page.goto(f"{address}#/colorize")
        expect(page.get_by_text("No model that colorizes. Train one:")).to_be_visible()
