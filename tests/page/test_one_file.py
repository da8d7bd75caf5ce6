"""The page as one file, opened from disk in a real browser: the same numbers, and nothing that needs a server."""

import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.images import ImageSpec, write_png
from eyespot.serving.one_file import write_one_file
from eyespot.serving.resources import ModelResource

from .networks import outputs_of, shown
from .reading import agrees, open_settings


@pytest.fixture(scope="module")
def files(static: Path, networks: list[ModelResource], tmp_path_factory) -> dict[str, tuple[Path, ModelResource]]:
    """Networks as pages: a chain, one with skips, and one with a call that the page cannot compute."""
    folder = tmp_path_factory.mktemp("pages")
    framed = shown("framed", "lenet5", ImageSpec(height=20, width=20, channels=1), 3)  # repeats the picture's border
    return {
        one.name: (write_one_file(one, one.rows, folder / f"{one.name}.html").path, one)
        for one in (networks[0], networks[1], framed)
    }


def opened(page: Page, file: Path, query: str = "") -> Page:
    page.on("request", lambda request: pytest.fail(request.url) if request.url.startswith("http") else None)
    page.goto("about:blank")
    page.goto(f"file://{file}#/look?{query}")
    expect(page.locator(".scroll")).to_be_visible()
    return page


@pytest.mark.parametrize("name", ["chain", "skips", "framed"])
def test_numbers_in_the_file_are_pytorchs_for_each_of_its_pictures(page: Page, files, name: str) -> None:
    file, network = files[name]
    opened(page, file)
    draw = random.Random(name)
    for _ in range(12):
        image = draw.randrange(3)
        outputs = outputs_of(network, image)
        call = draw.randrange(1, len(outputs))
        shape = (*outputs[call].shape, 1, 1)[:3]
        unit, y, x = (draw.randrange(side) for side in shape)
        page.evaluate(f"location.hash = '#/look?image={image}&call={call}&unit={unit}&y={y}&x={x}'")
        page.wait_for_function(f"() => document.querySelector('.unit')?.dataset.place === '{call} {unit} {y} {x}'")
        expect(page.get_by_role("button", name=f"{image}.png")).to_have_attribute("aria-pressed", "true")
        wanted = float(outputs[call].reshape(shape)[unit, y, x])
        assert agrees(page.locator(".numbers .value").inner_text(), wanted), (image, call, unit, y, x)


def test_what_needs_a_server_is_not_there(page: Page, files) -> None:
    file, _ = files["framed"]
    opened(page, file, "call=1&unit=0&why=occlusion")
    for name in ["Explanations", "Images with the strongest activation"]:
        expect(page.get_by_role("region", name=name)).to_have_count(0)
    expect(page.get_by_role("button", name="Webcam")).to_have_count(0)
    expect(page.locator("input[type=file], input[type=url]")).to_have_count(0)
    assert page.get_by_role("navigation").get_by_role("link").all_inner_texts() == ["Look", "Learn"]


def test_a_new_image_is_answered_as_in_eyespot(page: Page, files, tmp_path) -> None:
    file, network = files["chain"]
    opened(page, file, "call=1&unit=0&y=0&x=0")
    expect(page.locator("input[type=url]")).to_have_count(0)
    picture = np.random.default_rng(0).integers(0, 256, (61, 40, 3), dtype=np.uint8)
    write_png(picture, tmp_path / "new.png")
    page.locator("input[type=file]").set_input_files(tmp_path / "new.png")
    expect(page.get_by_text("new.png")).to_be_visible()
    outputs = network.outputs(network.pixels(picture))
    expect(page.locator(".region")).to_have_count(1)  # the middle is cut out
    assert agrees(page.locator(".numbers .value").inner_text(), float(outputs[1][0, 0, 0]))
    assert write_one_file(network, [], tmp_path / "a.html").answers
    page.locator("input[type=file]").set_input_files(__file__)
    expect(page.get_by_text("This file is not a picture that the browser can read.")).to_be_visible()
    assert not write_one_file(files["framed"][1], [], tmp_path / "b.html").answers


def test_drawing_editing_space_and_the_lecture_work_in_it(page: Page, files) -> None:
    file, _ = files["chain"]
    opened(page, file, "call=1&unit=2")
    value = page.locator(".numbers .value")
    before = value.inner_text()
    bias = page.get_by_label("Bias", exact=True)
    bias.fill("2.5")
    bias.press("Enter")
    expect(value).not_to_have_text(before)
    page.get_by_role("button", name="Draw").click()
    pad = page.get_by_role("application", name="Drawing pad")
    pad.press("ArrowRight")
    expect(page.get_by_text("Own image: drawing")).to_be_visible()
    open_settings(page)
    page.get_by_role("radio", name="3-D").check()  # drawn by the processor here
    expect(page.get_by_role("region", name="Network in 3-D").locator("canvas")).to_be_visible()
    page.get_by_role("link", name="Learn", exact=True).click()
    expect(page.locator("h1")).to_be_visible()
    page.reload()
    expect(page.locator("h1")).to_be_visible()


def test_tinyvgg_with_four_pictures_stays_far_below_five_megabytes(static: Path, tmp_path: Path) -> None:
    one = shown("tinyvgg", "tinyvgg", ImageSpec(height=64, width=64, channels=3), 10)
    written = write_one_file(one, [*one.rows, one.rows[0]], tmp_path / "tinyvgg.html")
    assert len(written.images) == 4 and not written.left_out
    assert written.size < 1_400_000
