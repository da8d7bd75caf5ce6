"""The sandboxes of Learn in a real browser: each of their controls, by pointer or by keyboard."""

import re

import pytest
import torch

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, expect

from .reading import wider_than_the_window

LECTURE = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]
SANDBOXES = [
    *["image", "neurons", "convolution", "turned", "usage", "padding", "stride", "kernels"],
    *["hyperparameters", "receptive", "separable", "normalization", "skip"],
    *["learning", "color", "filters", "activation", "pooling", "flatten", "dense", "dropout"],
]


def opened(page: Page, site: str, place: str) -> Page:
    page.goto(f"{site}#/learn/{place}")
    expect(page.locator("h1")).to_be_visible()
    return page


def cell(page: Page, label: str, row: int, column: int) -> Locator:
    return page.get_by_label(re.compile(rf"^{label}, row {row}, column {column}(:|$)"))


def change(field: Locator, value: str) -> None:
    field.fill(value)
    field.press("Enter")
    field.blur()


def numbers(page: Page, label: str) -> list[float]:
    """All numbers of one matrix, row by row."""
    cells = page.get_by_role("grid", name=label, exact=True).locator("td")
    texts = cells.evaluate_all("all => all.map(td => (td.querySelector('input')?.value ?? td.innerText).trim())")
    return [float(text.replace("\u2212", "-")) for text in texts]


def test_the_lecture_example_gives_four_at_its_first_place(page: Page, site: str) -> None:
    opened(page, site, "convolution")
    assert numbers(page, "Result") == [4, 3, 4, 2, 4, 3, 2, 3, 4]
    expect(page.get_by_label("Nine products")).to_contain_text("(1 + 0 + 1) + (0 + 1 + 0) + (0 + 0 + 1) = 4")


def test_changed_numbers_are_computed_and_kept_in_the_address(page: Page, site: str) -> None:
    opened(page, site, "convolution")
    change(cell(page, "Image", 1, 1), "7")
    change(cell(page, "Kernel", 3, 3), "-0,5")
    assert numbers(page, "Result")[0] == 8.5
    page.wait_for_url(re.compile("image=7,1,1.*kernel=1,0,1,0,1,0,1,0,-0.5"))
    page.reload()
    assert numbers(page, "Result")[0] == 8.5
    page.get_by_role("button", name="Back to the first numbers").click()
    assert numbers(page, "Result")[0] == 4


def test_what_is_no_number_leaves_the_number_as_it_was(page: Page, site: str) -> None:
    opened(page, site, "convolution")
    change(cell(page, "Image", 1, 1), "many")
    expect(cell(page, "Image", 1, 1)).to_have_value("1")


def test_the_window_moves_by_buttons_slider_arrow_keys_and_by_itself(page: Page, site: str) -> None:
    opened(page, site, "convolution")
    place = page.get_by_role("slider", name="Place of the window")
    page.get_by_role("button", name="One step forward").click()
    expect(place).to_have_value("1")
    expect(page.get_by_label("Nine products")).to_contain_text("= 3")
    page.get_by_role("button", name="One step back").click()
    place.press("End")
    expect(place).to_have_value("8")
    cell(page, "Result", 3, 3).press("ArrowUp")
    expect(place).to_have_value("5")
    expect(cell(page, "Result", 2, 3)).to_be_focused()
    page.get_by_role("button", name="Play").click()
    expect(place).to_have_value("6")
    page.get_by_role("button", name="Pause").click()


def test_all_hyperparameters_together_give_pytorchs_size_and_explain_what_is_invalid(page: Page, site: str) -> None:
    opened(page, site, "hyperparameters")
    assert numbers(page, "Result") == [4, 3, 4, 2, 4, 3, 2, 3, 4]
    image = torch.tensor(LECTURE, dtype=torch.float32).view(1, 1, 5, 5)
    kernel = torch.tensor([1.0, 0, 1, 0, 1, 0, 1, 0, 1]).view(1, 1, 3, 3)
    page.goto(f"{site}#/learn/hyperparameters?padding=2&stride=2&dilation=2")
    expect(page.locator("article")).to_contain_text("Image, 5 × 5, with padding 9 × 9")
    wanted = torch.nn.functional.conv2d(image, kernel, padding=2, stride=2, dilation=2).flatten().tolist()
    assert numbers(page, "Result") == wanted
    expect(page.locator("article")).to_contain_text("spans 5 × 5 pixels")
    page.goto(f"{site}#/learn/hyperparameters?dilation=3")
    expect(page.get_by_role("alert")).to_contain_text("spans d(k − 1) + 1 = 7 pixels")
    page.goto(f"{site}#/learn/hyperparameters?stride=3")
    expect(page.locator("article")).to_contain_text("last 2 rows and columns are never used")


def test_whole_layers_are_computed_from_their_numbers(page: Page, site: str) -> None:
    """Normalization, receptive field, depthwise and 1 x 1 weights, and skip connections, by hand."""
    opened(page, site, "normalization")
    expect(page.locator("article")).to_contain_text("mean = 12.5, variance = 5.25")
    assert numbers(page, "Normalized")[0] == pytest.approx((12 - 12.5) / 5.25**0.5, abs=5e-4)
    opened(page, site, "receptive?layers=4&growth=2")
    expect(page.get_by_role("row").last).to_contain_text("15 + (3 − 1) · 8 · 1 = 31")
    opened(page, site, "receptive?layers=3&stride=2")
    expect(page.get_by_role("row").last).to_contain_text("7 + (3 − 1) · 1 · 4 = 15")
    opened(page, site, "separable")
    expect(page.locator(".standard")).to_have_text("18\u202f432")
    expect(page.locator(".both")).to_have_text("2\u202f336")
    expect(page.locator("article")).to_contain_text("200 · 0.3 + 120 · 0.59 + 40 · 0.11 = 135.2")
    opened(page, site, "skip")
    expect(page.locator("article")).to_contain_text("0.5^10 = 0.0009766")
    expect(page.locator("article")).to_contain_text("1.5^10 = 57.67")


def test_arrow_keys_walk_through_the_fields_of_a_matrix(page: Page, site: str) -> None:
    opened(page, site, "convolution")
    cell(page, "Kernel", 1, 1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(cell(page, "Kernel", 2, 2)).to_be_focused()


def test_a_pixel_of_an_image_is_picked_and_changed_in_grey_and_in_color(page: Page, site: str) -> None:
    opened(page, site, "image")
    expect(page.locator("article")).to_contain_text("Row 4, column 4: gray 24")
    change(cell(page, "gray", 4, 4), "300")
    expect(page.locator("article")).to_contain_text("gray 255")
    page.get_by_role("radio", name="color").check()
    expect(page.locator("article")).to_contain_text("8 × 8 × 3 = 192 numbers")
    change(cell(page, "blue", 4, 4), "200")
    expect(page.locator("article")).to_contain_text("red 20, green 24, blue 200")
    page.get_by_role("application", name="Picture").press("ArrowLeft")
    expect(page.locator("article")).to_contain_text("column 3: red 47, green 111, blue 176")


def test_the_weights_of_one_neuron_a_pixel_explode_as_in_the_lecture(page: Page, site: str) -> None:
    opened(page, site, "neurons")
    for name, weights in [
        ("128 × 128, gray", "16 384"),
        ("128 × 128, color", "49 152"),
        ("1000 × 1000, color", "3 000 000 000"),
    ]:
        page.get_by_role("button", name=name).click()
        assert page.locator("dd strong").first.inner_text().replace("\u202f", " ") == weights
    change(page.get_by_role("textbox", name="Side of the image"), "64")
    change(page.get_by_role("textbox", name="Neurons in the layer"), "10")
    page.get_by_role("radio", name="gray").check()
    assert page.locator("dd strong").first.inner_text().replace("\u202f", " ") == "40 960"
    page.get_by_role("slider", name="Filters of a convolution").press("Home")
    page.get_by_role("slider", name="Side of its kernel").press("ArrowRight")
    expect(page.locator("dd strong").last).to_have_text("17")


def test_a_turned_kernel_gives_other_numbers_unless_it_is_symmetric(page: Page, site: str) -> None:
    opened(page, site, "turned")
    assert numbers(page, "What a network computes") != numbers(page, "What the formula computes")
    expect(page.locator("article")).to_contain_text("The marked numbers differ.")
    assert numbers(page, "Turned kernel") == numbers(page, "Kernel")[::-1]
    page.get_by_role("button", name="symmetric kernel").click()
    assert numbers(page, "What a network computes") == numbers(page, "What the formula computes")
    change(cell(page, "Image", 1, 1), "2")
    cell(page, "What the formula computes", 1, 2).click()
    expect(page.get_by_role("slider", name="Place of the window")).to_have_value("1")


def test_a_corner_is_used_once_and_the_middle_nine_times(page: Page, site: str) -> None:
    opened(page, site, "usage")
    uses = numbers(page, "How often each pixel is used")
    assert (uses[0], uses[40]) == (1, 9)
    expect(page.locator("article")).to_contain_text("After 4 layers one pixel is left.")
    page.get_by_role("radio", name="1", exact=True).check()
    expect(page.locator("article")).to_contain_text("keeps at least 9 × 9")
    assert numbers(page, "How often each pixel is used")[0] == 4
    page.get_by_role("radio", name="0", exact=True).check()
    page.get_by_role("radio", name="5 × 5").check()
    change(page.get_by_role("textbox", name="Side of the image"), "8")
    expect(page.locator("article")).to_contain_text("At 4 × 4 a window of 5 × 5 no longer fits.")


def test_padding_decides_the_size_of_the_result(page: Page, site: str) -> None:
    opened(page, site, "padding")
    assert numbers(page, "Result") == [2, 2, 3, 1, 1, 1, 4, 3, 4, 1, 1, 2, 4, 3, 3, 1, 2, 3, 4, 1, 0, 2, 2, 1, 1]
    page.get_by_role("radio", name="full").check()
    assert len(numbers(page, "Result")) == 49
    page.get_by_role("radio", name="valid").check()
    assert numbers(page, "Result") == [4, 3, 4, 2, 4, 3, 2, 3, 4]
    page.get_by_role("radio", name="same").check()
    change(cell(page, "Image", 1, 1), "5")
    change(cell(page, "Kernel", 2, 2), "2")
    assert numbers(page, "Result")[0] == 11
    page.get_by_role("button", name="One step forward").click()
    expect(cell(page, "Result", 1, 2)).to_have_attribute("aria-current", "true")


def test_a_stride_that_does_not_divide_leaves_pixels_out(page: Page, site: str) -> None:
    opened(page, site, "stride")
    assert numbers(page, "Result") == [4, 4, 2, 4]
    page.get_by_role("radio", name="3").check()
    assert numbers(page, "Result") == [4]
    expect(page.locator("article")).to_contain_text("are not used")
    page.get_by_role("button", name="One step forward").click()
    expect(page.locator("article")).to_contain_text("the window would leave the image")
    change(page.get_by_role("textbox", name="Side of the image"), "6")
    expect(page.locator("article")).to_contain_text("every pixel is used")
    page.get_by_role("radio", name="1").check()
    assert len(numbers(page, "Result")) == 16
    change(cell(page, "Kernel", 2, 2), "2")
    change(cell(page, "Image", 1, 1), "5")
    assert numbers(page, "Result")[0] == 4 + 4 + 1  # four more in the corner, one more in the middle
    page.get_by_role("button", name="Back to the first numbers").click()
    assert numbers(page, "Result")[0] == 4


def test_a_kernel_is_tried_on_a_photo_of_ones_own(page: Page, site: str, tmp_path) -> None:
    from PIL import Image

    split = Image.new("L", (128, 128), 0)
    split.paste(255, (64, 0, 128, 128))
    split.save(tmp_path / "split.png")
    opened(page, site, "kernels")
    page.get_by_label("Upload a photo").set_input_files(tmp_path / "split.png")
    photo = page.get_by_role("application", name="Photo")
    photo.click(position={"x": 160, "y": 160})
    expect(page.locator("article")).to_contain_text("= 4")
    photo.press("Shift+ArrowLeft")
    expect(page.locator(".sum")).to_have_text("0")
    page.get_by_role("radio", name="blur").check()
    page.get_by_role("radio", name="strength").check()
    page.get_by_role("application", name="Answer of the kernel").press("ArrowLeft")
    change(cell(page, "Kernel", 2, 2), "3")
    page.wait_for_url(re.compile("kernel=blur.*weights="))


def test_a_file_that_is_no_picture_is_named(page: Page, site: str, tmp_path) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    opened(page, site, "kernels")
    page.get_by_label("Upload a photo").set_input_files(tmp_path / "notes.png")
    expect(page.get_by_role("alert")).to_contain_text("“notes.png” cannot be decoded as an image")


def test_a_random_kernel_learns_to_be_sobel(page: Page, site: str) -> None:
    opened(page, site, "learning")
    page.get_by_role("button", name="One step").click()
    expect(page.locator("article")).to_contain_text("Step 1.")
    page.get_by_role("button", name="Run").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('p strong')].some(e => parseInt(e.innerText.slice(5)) > 150)"
    )
    page.get_by_role("button", name="Pause").click()
    learned = numbers(page, "Weights now")
    assert [round(value / 2) for value in learned[3::2]] == pytest.approx([-1, 1, 0])
    assert learned[3] < -0.8 and learned[5] > 0.8
    page.get_by_role("radio", name="horizontal").check()
    expect(page.locator("article")).to_contain_text("Step 0.")
    change(page.get_by_role("textbox", name="Random start"), "7")
    change(page.get_by_role("textbox", name="Learning rate"), "8")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("steps are too large")
    page.get_by_role("button", name="Start again").click()
    expect(page.locator("article")).to_contain_text("Step 0.")


def test_a_color_image_is_summed_over_its_channels_and_the_bias(page: Page, site: str) -> None:
    opened(page, site, "color")
    assert numbers(page, "Result")[0] == 5
    change(cell(page, "Image, green", 1, 2), "3")
    change(cell(page, "Kernel, blue", 1, 1), "2")
    change(page.get_by_role("textbox", name="Bias"), "-2")
    assert numbers(page, "Result")[0] == 4 + 4 + 5 - 2
    page.get_by_role("button", name="One step forward").click()
    expect(cell(page, "Result", 1, 2)).to_have_attribute("aria-current", "true")


def test_each_filter_makes_a_map_and_costs_weights(page: Page, site: str) -> None:
    opened(page, site, "filters")
    expect(page.locator("article")).to_contain_text("8 · (3 · 3 · 1 + 1) = 80")
    page.get_by_role("slider", name="Filters").press("ArrowRight")
    page.get_by_role("radio", name="color").check()
    expect(page.locator("article")).to_contain_text("9 · (3 · 3 · 3 + 1) = 252")
    expect(page.get_by_role("img", name="Map 9")).to_be_visible()


def test_relu_and_tanh_of_the_picked_number(page: Page, site: str) -> None:
    opened(page, site, "activation")
    expect(page.locator("p.formula")).to_have_text("max(0, −2) = 0")
    change(cell(page, "Before", 1, 1), "2.5")
    assert numbers(page, "After")[0] == 2.5
    page.get_by_role("radio", name="tanh").check()
    expect(page.locator("p.formula")).to_have_text("tanh(2.5) = 0.987")
    cell(page, "After", 1, 4).click()
    expect(page.locator("p.formula")).to_have_text("tanh(−0.5) = −0.462")


def test_pooling_by_maximum_mean_and_sum(page: Page, site: str) -> None:
    opened(page, site, "pooling")
    expect(page.locator("p.formula")).to_have_text("max(1, 3, 4, 6) = 6")
    page.get_by_role("radio", name="average").check()
    expect(page.locator("p.formula")).to_have_text("(1 + 3 + 4 + 6) / 4 = 3.5")
    page.get_by_role("radio", name="sum").check()
    change(cell(page, "Image", 1, 1), "-1")
    expect(page.locator("p.formula")).to_have_text("-1 + 3 + 4 + 6 = 12".replace("-", "\u2212"))
    page.get_by_role("group", name="Window").get_by_label("3").check()
    page.get_by_role("group", name="Stride").get_by_label("1").check()
    assert len(numbers(page, "Result")) == 16
    cell(page, "Result", 2, 2).click()
    expect(page.get_by_role("slider", name="Place of the window")).to_have_value("5")


def test_flatten_counts_channel_by_channel(page: Page, site: str) -> None:
    opened(page, site, "flatten")
    cell(page, "Map 2", 2, 3).click()
    expect(page.locator("p.formula")).to_contain_text("1 · 9 + 1 · 3 + 2 = 14")
    change(cell(page, "Map 2", 2, 3), "9")
    page.get_by_role("button", name="Place 15 in the row: 9").click()
    page.get_by_role("button", name="One step forward").click()
    expect(page.locator("p.formula")).to_contain_text("= 15")


def test_weighted_sums_become_shares_of_one(page: Page, site: str) -> None:
    opened(page, site, "dense")
    expect(page.locator("article")).to_contain_text("2 · 0.5 + 0 · (−1) + 1 · 0.2 + 3 · 0.4 + 0.1 = 2.5")
    expect(page.locator("article")).to_contain_text("88.9 %")
    change(cell(page, "Input", 1, 1), "0")
    change(cell(page, "Weights", 2, 4), "1")
    change(cell(page, "Bias", 2, 1), "0.5")
    assert numbers(page, "Sums")[:2] == [1.5, 4]
    cell(page, "Sums", 2, 1).click()
    expect(page.locator("article")).to_contain_text("Class 2:")


def test_dropout_leaves_out_in_training_only(page: Page, site: str) -> None:
    opened(page, site, "dropout")
    first = numbers(page, "After")
    assert set(first) <= {0, 2, 4, 6, 8}
    page.get_by_role("button", name="Draw again").click()
    assert numbers(page, "After") != first
    change(page.get_by_role("textbox", name="Share left out"), "0")
    change(cell(page, "Before", 1, 1), "9")
    assert numbers(page, "After") == numbers(page, "Before")
    page.get_by_role("radio", name="in use").check()
    expect(page.locator("article")).to_contain_text("nothing is scaled")


def test_no_sandbox_is_wider_than_the_window_in_either_language(page: Page, site: str) -> None:
    for name in SANDBOXES:
        for language in ["en", "de"]:
            opened(page, site, f"{name}?lang={language}")
            assert wider_than_the_window(page) == [], name


def test_the_sandboxes_are_reached_by_list_select_and_links(page: Page, site: str) -> None:
    opened(page, site, "")
    expect(page.locator("h1")).to_have_text("An image is a matrix")
    page.get_by_role("navigation", name="Sandboxes").get_by_role("link", name="Flatten").click()
    expect(page.locator("h1")).to_have_text("Flatten")
    page.get_by_role("link", name="→").click()
    expect(page.locator("h1")).to_have_text("Dense and softmax")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Flatten")
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_label("Sandboxes").locator("visible=true").select_option("dropout")
    expect(page.locator("h1")).to_have_text("Dropout")


def test_language_and_colors_can_be_switched(page: Page, site: str) -> None:
    opened(page, site, "convolution")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("h1")).to_have_text("Faltung, Schritt für Schritt")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("button", name="Dunkle Farben").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.wait_for_function(
        "() => location.hash.includes('lang=de')"
    )  # the address is written five times a second at most
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("h1")).to_have_text("Faltung, Schritt für Schritt")


def test_everything_comes_from_the_page_itself(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    opened(page, site, "kernels")
    assert asked and all(url.startswith((site, "data:", "blob:")) for url in asked), asked
