"""Look in a real browser: a network beside its picture, one unit of it, one number of that."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eyespot.images import ImageSpec, encode_png
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource
from eyespot.sources import open_source
from eyespot.sources.source import Row

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, Route, expect

from .networks import outputs_of, picture, shown
from .reading import agrees, holds, number, open_settings, wider_than_the_window
from .real import serving, small_model

READ = 12
"""Numbers that are read back for each of the five networks, with all their products and equations."""


def opened(page: Page, look: str, query: str = "") -> Page:
    page.goto("about:blank")
    page.goto(f"{look}?{query}")
    expect(page.locator(".scroll")).to_be_visible()
    return page


@pytest.fixture(scope="module")
def labeled(static: Path) -> Iterator[str]:
    """The address of Look with a small model and two pictures whose labels are known."""
    named = (("first.png", "cat"), ("second.png", "dog"))
    rows = [
        Row(picture=picture(seed, 16, 16, 3), name=name, values={"label": label}, location="")
        for seed, (name, label) in enumerate(named)
    ]
    with serving(make_app([ModelResource(name="pets", model=small_model(), rows=rows)], static=static)) as address:
        yield f"{address}#/look"


def tile(page: Page, call: int, channel: int) -> Locator:
    return page.locator(f"button[data-call='{call}'][data-channel='{channel}']")


def test_the_overview_shows_every_call_in_order_with_shapes_parameters_and_answers(page: Page, look: str) -> None:
    opened(page, look)
    heads = page.locator("section.call header strong").all_inner_texts()
    assert heads[:4] == ["image", "conv1", "relu1", "conv2"]
    assert heads[-1] == "softmax"
    expect(page.locator("section.call").nth(1)).to_contain_text("10·(3·3·3+1) = 280")
    expect(page.locator("section.call").last.locator("li")).to_have_count(5)
    assert page.locator("section.call").nth(1).locator("button[data-channel]").count() == 10


def test_a_unit_opens_with_its_inputs_and_stays_open_for_another_picture(page: Page, look: str) -> None:
    opened(page, look)
    tile(page, 3, 2).click()
    unit = page.get_by_role("region", name="conv2, unit 3")
    expect(unit.locator("figure", has_text="relu1, unit")).to_have_count(10)
    before = unit.locator(".value").inner_text()
    page.get_by_role("button", name="1.png").click()
    expect(unit.locator(".value")).not_to_have_text(before)
    page.wait_for_url(re.compile("call=3&unit=2&image=1"))


def test_inputs_are_ranked_by_their_contribution_which_share_one_range(page: Page, look: str) -> None:
    opened(page, look, "call=3&unit=2")
    sums = [abs(number(text.removeprefix("Σ "))[0]) for text in page.locator(".inputs figure > span").all_inner_texts()]
    assert len(sums) == 10
    assert sums == sorted(sums, reverse=True)
    legend = page.locator(".reads figure", has_text="one range for all inputs").locator(".ends span").all_inner_texts()
    low, middle, high = (number(text)[0] for text in legend)
    assert -low == high >= sums[0] - 0.01
    assert middle == 0


def test_units_are_reached_by_arrow_keys_and_by_next_and_previous(page: Page, look: str) -> None:
    opened(page, look)
    tile(page, 1, 0).focus()
    for key in ["ArrowDown", "ArrowRight", "Enter"]:
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="relu1, unit 2")).to_be_visible()
    page.get_by_role("button", name="Next unit").click()
    expect(page.get_by_role("heading", name="relu1, unit 3")).to_be_visible()
    page.get_by_role("button", name="Previous unit").click()
    expect(page.get_by_role("heading", name="relu1, unit 2")).to_be_visible()
    page.get_by_role("button", name="Close the unit").click()
    expect(page.get_by_role("heading", name="relu1")).to_have_count(0)


def test_pointing_at_a_tile_links_it_with_what_it_reads(page: Page, look: str) -> None:
    opened(page, look)
    tile(page, 2, 4).hover()
    assert page.locator("button.linked").count() == 1
    tile(page, 3, 4).hover()
    assert page.locator("button.linked").count() == 10
    assert page.locator("path.strong").get_attribute("d").count("M") == 10


def test_another_number_of_the_map_is_picked_by_pointer_and_by_keys(page: Page, look: str) -> None:
    opened(page, look, "call=1&unit=0&y=3&x=4")
    expect(page.get_by_role("heading", name="Row 4, column 5")).to_be_visible()
    produced = page.get_by_role("application", name="Map of conv1, unit 1")
    produced.press("ArrowRight")
    expect(page.get_by_role("heading", name="Row 4, column 6")).to_be_visible()
    produced.click(position={"x": 2, "y": 2})
    expect(page.get_by_role("heading", name="Row 1, column 1")).to_be_visible()


def test_the_window_slides_over_the_map_by_itself(page: Page, look: str) -> None:
    opened(page, look, "call=1&unit=0&y=0&x=24")
    window = page.get_by_role("group", name="Place of the window")
    window.get_by_role("button", name="One step forward").click()
    expect(page.get_by_role("heading", name="Row 1, column 26")).to_be_visible()
    window.get_by_role("button", name="Play").click()
    expect(page.get_by_role("heading", name="Row 2, column 1")).to_be_visible()  # the map is 30 x 26
    window.get_by_role("button", name="Pause").click()
    window.get_by_role("slider").press("End")
    expect(page.get_by_role("heading", name="Row 30, column 26")).to_be_visible()
    window.get_by_role("button", name="One step back").click()
    expect(page.get_by_role("heading", name="Row 30, column 25")).to_be_visible()


def test_a_term_is_followed_down_to_the_image_and_up_to_the_answer(page: Page, look: str) -> None:
    opened(page, look, "call=3&unit=2&y=3&x=4")
    page.locator(".terms button").first.click()
    expect(page.get_by_role("heading", name=re.compile("relu1, unit"))).to_be_visible()
    page.locator("p.formula button").click()
    page.locator(".terms button").first.click()
    expect(page.get_by_role("heading", name=re.compile("image, (red|green|blue)"))).to_be_visible()
    up = page.get_by_role("region", name="Value", exact=True).locator("li button").first
    heading = page.locator(".unit h2").first
    while up.count():
        place = heading.inner_text()
        up.click()
        expect(heading).not_to_have_text(place)
    expect(page.get_by_role("heading", name=re.compile("softmax, class"))).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=re.compile("head, class"))).to_be_visible()


def test_colors_reach_over_a_unit_a_layer_or_the_network(page: Page, look: str) -> None:
    opened(page, look, "call=1&unit=0")
    ends = page.get_by_role("region", name="conv1, unit 1").locator(".ends span").last
    reach = [ends.inner_text()]
    open_settings(page)
    for scale in ["per unit", "whole network"]:
        page.get_by_role("radio", name=scale).check()
        reach.append(ends.inner_text())
    layer, unit, network = map(float, reach)
    assert unit <= layer <= network


def test_an_edited_weight_changes_the_answer_and_can_be_taken_back(page: Page, look: str) -> None:
    opened(page, look, "call=1&unit=0")
    answers = page.get_by_role("list", name="Prediction").get_by_role("button")
    before = answers.all_inner_texts()
    weight = page.get_by_label("Kernel for image, red, row 1, column 1")
    weight.fill("3")
    weight.press("Enter")
    expect(page.get_by_text("Weights modified")).to_be_visible()
    assert answers.all_inner_texts() != before
    page.get_by_role("button", name="Reset weights").click()
    expect(answers).to_have_text(before, use_inner_text=True)
    bias = page.get_by_label("Bias", exact=True)
    bias.fill("2.5")
    bias.press("Enter")
    expect(page.get_by_label("Bias", exact=True)).to_have_value("2.5")


def test_a_picture_of_ones_own_is_read_as_in_training(
    page: Page, look: str, networks: list[ModelResource], tmp_path
) -> None:
    own = tmp_path / "own.png"
    own.write_bytes(encode_png(np.random.default_rng(0).integers(0, 255, (50, 70, 3), np.uint8)))
    opened(page, look, "call=1&unit=0")
    page.get_by_label("Upload an image").set_input_files(own)
    expect(page.get_by_text("Own image: own.png")).to_be_visible()
    preparation = page.get_by_role("region", name="Preprocessing")
    assert preparation.locator("li").all_inner_texts() == [
        "Original: 70 × 50, color", "Cropped to 44 × 50", "Scaled to 28 × 32"
    ]  # fmt: skip
    outputs = networks[0].outputs(networks[0].pixels(own))
    _, height, width = outputs[1].shape
    assert agrees(page.locator(".value").last.inner_text(), float(outputs[1][0, height // 2, width // 2]))
    page.get_by_role("button", name="2.png").click()
    expect(page.get_by_text("Own image")).to_have_count(0)


def test_an_image_unlike_the_others_is_labeled_as_out_of_distribution(page: Page, served: str, tmp_path) -> None:
    white, usual = tmp_path / "white.png", tmp_path / "usual.png"
    white.write_bytes(encode_png(np.full((16, 16, 3), 255, np.uint8)))
    usual.write_bytes(encode_png(open_source("synthetic:shapes").train.rows[0].picture))
    opened(page, f"{served}#/look")
    upload, answered = page.get_by_label("Upload an image"), page.locator(".answered")
    upload.set_input_files(white)
    expect(answered).to_contain_text("Out of distribution.")
    expect(answered).to_contain_text(re.compile(r"median of the \d+ images"))
    upload.set_input_files(usual)
    expect(answered).to_contain_text("Similar to the images of this model.")
    expect(answered).not_to_contain_text("Out of distribution.")


def test_a_drawing_is_answered_at_every_stroke(page: Page, look: str) -> None:
    opened(page, look, "model=2")
    answers = page.locator("section.call").last.locator(".value")
    page.get_by_role("button", name="Draw").click()
    pad = page.get_by_role("application", name="Drawing pad")
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 160, steps=4)
    expect(page.get_by_text("Own image: drawing")).to_be_visible()
    before = answers.all_inner_texts()
    page.mouse.move(box["x"] + 160, box["y"] + 160, steps=4)
    page.mouse.up()
    expect(answers.first).not_to_have_text(before[0])
    before = answers.all_inner_texts()
    page.get_by_role("radio", name="light on dark").check()
    expect(answers.first).not_to_have_text(before[0])
    page.get_by_role("slider", name="Pen width").press("End")
    page.get_by_role("radio", name="eraser").check()
    before = answers.all_inner_texts()
    pad.press("ArrowUp")
    expect(answers.first).not_to_have_text(before[0])
    page.get_by_role("button", name="Clear").click()
    pad.press("Shift+ArrowLeft")
    page.get_by_role("button", name="Draw").click()
    expect(pad).to_have_count(0)


def test_the_webcam_is_looked_at_live_and_can_be_frozen(page: Page, look: str) -> None:
    opened(page, look)
    page.get_by_role("button", name="Webcam").click()
    expect(page.get_by_text("Own image: Webcam")).to_be_visible()
    page.get_by_role("button", name="Freeze").click()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Webcam").click()
    expect(page.locator("video")).to_have_count(0)


def test_a_picture_is_fetched_from_its_address_by_the_browser(page: Page, look: str, tmp_path) -> None:
    (tmp_path / "teal.png").write_bytes(encode_png(np.full((40, 40, 3), (0, 128, 128), np.uint8)))
    page.route("**/teal.png", lambda route: route.fulfill(path=tmp_path / "teal.png"))
    opened(page, look)
    address = page.get_by_label("Image URL")
    address.fill(look.split("#")[0] + "teal.png")
    page.get_by_role("button", name="Fetch").click()
    expect(page.get_by_text("Own image: http")).to_be_visible()
    address.fill(look.split("#")[0] + "missing.png")
    page.get_by_role("button", name="Fetch").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be fetched")


def test_a_file_that_is_no_picture_is_refused_with_the_servers_sentence(page: Page, look: str, tmp_path) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    opened(page, look)
    with page.expect_response(lambda response: "preparation" in response.url):
        page.get_by_label("Upload an image").set_input_files(tmp_path / "notes.png")
    expect(page.get_by_role("alert")).to_contain_text("not an image")


def test_many_channels_show_the_most_active_first_and_all_when_asked(
    page: Page, look: str, networks: list[ModelResource]
) -> None:
    opened(page, look, "model=1")
    outputs = outputs_of(networks[1])
    call = next(i for i, output in enumerate(outputs) if output.dim() == 3 and output.shape[0] > 16)
    strongest = int(outputs[call].flatten(1).square().sum(1).argmax())
    column = page.locator("section.call").nth(call)
    column.scroll_into_view_if_needed()
    assert column.locator("button[data-channel]").first.get_attribute("data-channel") == str(strongest)
    column.get_by_role("button", name="more").click()
    expect(column.locator("button[data-channel]")).to_have_count(outputs[call].shape[0])
    column.get_by_role("button", name="fewer").click()
    expect(column.locator("button[data-channel]")).to_have_count(12)


def test_skips_are_drawn_as_arcs_and_many_labels_are_searched(page: Page, look: str) -> None:
    opened(page, look, "model=1")
    assert page.locator("path.arc").count() > 0
    page.get_by_label("Network, layer by layer").evaluate("area => area.scrollTo(area.scrollWidth, 0)")
    bars = page.locator("section.call").last.locator("li")
    expect(bars).to_have_count(10)
    page.get_by_label("Search 30 labels").fill("class 17")
    expect(bars).to_have_count(1)
    bars.get_by_role("button").click()
    expect(page.get_by_role("heading", name="softmax, class 17")).to_be_visible()


def test_the_answers_beside_the_picture_lead_into_the_network(
    page: Page, look: str, networks: list[ModelResource]
) -> None:
    opened(page, look, "call=1&unit=0")
    best = int(outputs_of(networks[0])[-1].argmax())
    page.get_by_role("list", name="Prediction").get_by_role("button").first.click()
    expect(page.get_by_role("heading", name=f"softmax, class {best}")).to_be_visible()


def test_a_long_vector_opens_where_it_is_picked_and_by_keys(
    page: Page, look: str, networks: list[ModelResource]
) -> None:
    opened(page, look)
    strip = page.get_by_role("button", name=re.compile("flatten.*, [0-9]+ numbers"))
    call = int(strip.get_attribute("data-call"))
    count = len(outputs_of(networks[0])[call])
    box = strip.bounding_box()
    strip.click(position={"x": box["width"] - 1, "y": box["height"] / 2})
    unit = page.locator(".unit")
    expect(unit).to_have_attribute("data-place", re.compile(f"^{call} "))
    picked = unit.get_attribute("data-place")
    assert 0.4 * count < channel(picked) < 0.6 * count
    strip.press("ArrowDown")
    expect(unit).not_to_have_attribute("data-place", picked)
    assert channel(unit.get_attribute("data-place")) > channel(picked)
    strip.press("ArrowUp")
    expect(unit).to_have_attribute("data-place", picked)


def channel(place: str) -> int:
    """The channel of the unit that the page shows, from its `data-place`."""
    return int(place.split()[1])


def test_of_many_inputs_and_terms_the_others_are_shown_when_asked(
    page: Page, look: str, networks: list[ModelResource]
) -> None:
    opened(page, look, "model=1")
    calls = json.loads(networks[1].manifest[0])["calls"]
    wide = next(call["id"] for call in calls if call["kind"] == "conv" and call["weights"]["weight"]["shape"][1] > 12)
    page.evaluate(f"location.hash = '#/look?model=1&call={wide}&unit=0'")
    cards = page.locator(".inputs figure")
    expect(cards).to_have_count(12)
    flow = page.locator(".reads")
    flow.get_by_role("button", name=re.compile("show [0-9]+ more")).click()
    assert cards.count() > 12
    flow.get_by_role("button", name="show fewer").click()
    expect(cards).to_have_count(12)
    opened(page, look, "model=4&call=4&unit=0")  # a dense layer on two maps of 8 x 8
    numbers = page.get_by_role("region", name="Value", exact=True)
    terms = numbers.locator("details").first.locator(".terms button")
    expect(terms).to_have_count(30)
    numbers.get_by_role("button", name="show 34 more").first.click()
    expect(terms).to_have_count(64)
    numbers.get_by_role("button", name="show fewer").click()
    expect(terms).to_have_count(30)


def test_models_are_switched_and_units_link_to_their_sandboxes_and_back(page: Page, look: str) -> None:
    opened(page, look)
    page.get_by_label("Model").select_option("gray")
    expect(page.locator("h1")).to_have_text("gray")
    tile(page, 1, 1).click()
    # A convolution of stride 2 without padding, on a gray picture.
    links = page.locator(".unit dd.links a")
    wanted = ["convolution", "turned", "kernels", "learning", "filters", "usage", "stride"]
    wanted += ["hyperparameters", "receptive"]
    assert links.evaluate_all("all => all.map(link => link.getAttribute('href').match(/learn\\/(\\w+)/)[1])") == wanted
    for sandbox in (wanted[0], wanted[-2]):
        links.and_(page.locator(f"a[href*='/{sandbox}']")).click()
        expect(page).to_have_url(re.compile(f"#/learn/{sandbox}"))
        page.get_by_role("link", name="The same in your network").click()
        expect(page.get_by_role("heading", name="conv1, unit 1")).to_be_visible()


@pytest.mark.parametrize("model", range(5))
def test_numbers_read_back_from_the_page_are_pytorchs(
    page: Page, look: str, networks: list[ModelResource], model: int
) -> None:
    network = networks[model]
    outputs = outputs_of(network)
    draw = random.Random(model)
    opened(page, look, f"model={model}")
    for _ in range(READ):
        call = draw.randrange(1, len(outputs))
        shape = (*outputs[call].shape, 1, 1)[:3]
        unit, y, x = (draw.randrange(side) for side in shape)
        page.evaluate(f"location.hash = '#/look?model={model}&call={call}&unit={unit}&y={y}&x={x}'")
        page.wait_for_function(f"() => document.querySelector('.unit')?.dataset.place === '{call} {unit} {y} {x}'")
        wanted = float(outputs[call].reshape(shape)[unit, y, x])
        shown_value = page.locator(".numbers .value").inner_text()
        assert agrees(shown_value, wanted), (call, unit, y, x, shown_value, wanted)
        # Beside the largest number of the call, float32 carries no smaller digit.
        assert number(shown_value)[1] >= 2**-23 * float(outputs[call].abs().max()), shown_value
        check_products(page)
        for equation in page.locator(".numbers > p.formula").all_inner_texts():
            assert "=" not in equation or equation.startswith("max =") or holds(equation), equation


def check_products(page: Page) -> None:
    """Each product is that of the digits that are shown of its factors."""
    texts = page.locator(".terms button").all_inner_texts()[:20]
    for text in texts:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) == 2:
            (value, _), (weight, _) = (number(part) for part in lines[0].split(" · "))
            product, digit = number(lines[1])
            assert abs(value * weight - product) <= 0.5001 * digit, text


def test_look_is_never_wider_than_the_window(page: Page, look: str) -> None:
    for query in ["", "call=3&unit=1", "model=1&call=9&unit=1", "model=2&call=5&unit=1&lang=de", "model=3&call=2"]:
        opened(page, look, query)
        assert wider_than_the_window(page) == [], query


def test_without_a_model_the_page_offers_to_train_to_open_one_and_to_learn(page: Page, static: Path) -> None:
    with serving(make_app(static=static)) as address:
        page.goto(f"{address}#/look")
        expect(page.get_by_text("eyespot serve")).to_be_visible()
        page.get_by_role("link", name="Train on your images").click()
        expect(page).to_have_url(re.compile("#/train"))
        page.go_back()
        page.get_by_role("link", name="Learn how a CNN works").click()
        expect(page).to_have_url(re.compile("#/learn"))


def test_stages_of_a_deep_network_collapse_and_a_layer_is_found(page: Page, static: Path) -> None:
    deep = shown("deep", "efficientnet-lite0", ImageSpec(height=32, width=32, channels=3), 3)
    with serving(make_app([deep], static=static)) as address:
        opened(page, f"{address}#/look")
        heads = page.locator("section.call")
        stages = page.locator("button.stage")
        names = [name.split()[1] for name in stages.all_inner_texts()]
        assert names == ["stem", *(f"stage{i}" for i in range(1, 8)), "top", "head"]
        assert heads.count() == 2 + len(names)  # the image, a column for each stage, and the softmax
        stages.nth(1).click()
        expect(stages.nth(1)).to_have_attribute("aria-expanded", "true")
        expect(heads).to_have_count(2 + len(names) + 1)  # the five calls of the first stage in two groups
        group = page.get_by_role(
            "button", name=re.compile("convolution . batch normalization . .*single operations")
        ).first
        group.click()
        expect(heads).to_have_count(2 + len(names) + 3)
        expect(page).to_have_url(re.compile(r"split=\d"))
        legend = page.locator(".drawn").get_by_text("values beyond are green (below) and yellow (above)")
        expect(legend).to_be_visible()
        page.get_by_role("button", name="Display settings").click()
        page.get_by_role("group", name="Colors end at").get_by_label("the largest value").check()
        expect(legend).to_have_count(0)
        expect(page).to_have_url(re.compile("stages=stage1"))
        search = page.get_by_label(re.compile("Jump to one of"))
        search.fill("stage6.block2.project.conv")
        search.press("Enter")
        tile = page.locator("button[data-call]:focus")
        expect(tile).to_have_attribute("aria-label", re.compile(r"stage6\.block2\.project\.conv, unit"))
        tile.press("Enter")
        unit = page.locator(".unit")
        expect(unit.locator(".total")).to_contain_text("is the sum of:")
        expect(unit.locator(".inputs figure")).to_have_count(12)
        parts = [
            number(text.split("\u03a3")[-1])[0] for text in unit.locator(".inputs figure > span").all_inner_texts()
        ]
        parts += [number(text.replace("\u03a3", ""))[0] for text in unit.locator(".rest strong").all_inner_texts()]
        value, last = number(unit.locator(".total strong").inner_text())
        assert abs(sum(parts) - value) <= 8 * last
        assert holds(page.locator(".numbers > p.formula").inner_text())
        search.fill("block4.project.norm")
        search.press("Enter")
        expect(tile).to_have_attribute("aria-label", re.compile(r"block4\.project\.norm, unit"))
        search.fill("stage6.block4.project.conv")  # with the stage, which the short name leaves out
        search.press("Enter")
        expect(tile).to_have_attribute("aria-label", re.compile(r"^block4\.project\.conv, unit"))
        search.fill("no such layer")
        search.press("Enter")
        expect(page.get_by_text("No layer has this name.")).to_be_visible()


def test_of_a_heavy_network_what_is_in_sight_is_shown_before_all_its_numbers_are_there(
    page: Page, static: Path
) -> None:
    heavy = shown("heavy", "efficientnet-lite0", ImageSpec(height=72, width=72, channels=3), 3)
    held = []
    page.route("**/calls", lambda route: held.append(route))  # not "calls?only=..." of those in sight
    with serving(make_app([heavy], static=static)) as address:
        opened(page, f"{address}#/look")
        expect(page.get_by_role("list", name="Prediction")).to_be_visible()
        tiles = page.locator("section.call button[data-channel]")
        expect(tiles.first).to_be_visible()
        stem = next(call for call in json.loads(heavy.manifest[0])["calls"] if call["name"] == "stages.stem.relu")
        expect(page.locator("section.call[aria-label='stem.relu'] canvas")).to_be_visible()
        page.locator(f"button[data-call='{stem['id']}']").first.click()
        expect(page).to_have_url(re.compile("unit="))
        assert page.locator("section.unit").count() == 0
        held[0].continue_()
        expect(page.locator("section.unit")).to_have_accessible_name(re.compile("stem.relu, unit"))


@pytest.mark.parametrize("width", [1280, 390])
def test_an_error_does_not_move_what_is_shown(page: Page, look: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, look)
    page.route("**/models/1/manifest", lambda route: route.abort())
    boxes = [page.locator(part).bounding_box() for part in (".content", ".scroll", "h1")]
    page.get_by_label("Model").select_option("skips")
    expect(page.locator(".look > [role=alert]")).to_be_visible()
    assert [page.locator(part).bounding_box() for part in (".content", ".scroll", "h1")] == boxes


def test_a_model_that_cannot_be_loaded_leaves_the_pictures_as_they_are(page: Page, look: str) -> None:
    opened(page, look)
    page.route("**/models/1/manifest", lambda route: route.abort())
    drawn = "all => all.map(one => one.toDataURL())"
    pictures = page.get_by_role("group", name="Images", exact=True).locator("canvas")
    page.wait_for_load_state("networkidle")
    before = pictures.evaluate_all(drawn)
    assert len(set(before)) > 1  # they are drawn, and differ
    page.get_by_label("Model").select_option("skips")
    expect(page.locator(".look > [role=alert]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert pictures.evaluate_all(drawn) == before


def test_a_first_visit_opens_a_unit_and_is_introduced_once(browser, labeled: str) -> None:
    tab = browser.new_page(locale="en-US", viewport={"width": 1280, "height": 900})
    tab.goto(labeled)
    introduction = tab.get_by_role("region", name="Introduction")
    expect(introduction).to_contain_text("every number that the network computes")
    expect(tab.locator(".unit")).to_be_visible()
    tab.get_by_role("button", name="Close the unit").click()
    expect(tab.locator(".unit")).to_have_count(0)
    expect(introduction).to_be_visible()
    tab.locator("button[data-channel]").first.click()
    introduction.get_by_role("button", name="Take the tour").click()
    for part in ("image", "layers", "unit", "why"):
        expect(tab.locator(f"[data-tour='{part}'].toured")).to_have_count(1)
        introduction.get_by_role("button", name=re.compile("Next|Done")).click()
    expect(introduction).to_have_count(0)
    tab.goto("about:blank")
    tab.goto(labeled)
    expect(tab.locator(".scroll")).to_be_visible()
    expect(introduction).to_have_count(0)
    tab.close()


@pytest.mark.parametrize("width", [2560, 1280, 390])
def test_what_a_click_on_a_tile_opens_is_in_view_with_the_answer(page: Page, look: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, look)
    tile(page, 3, 2).click()
    for part in (page.get_by_role("heading", name="conv2, unit 3"), page.get_by_role("list", name="Prediction")):
        expect(part).to_be_in_viewport()
    page.mouse.wheel(0, 400)
    expect(page.get_by_role("list", name="Prediction")).to_be_in_viewport()


COLUMN_IN_SIGHT = """
() => {
  const boxOf = (selector) => document.querySelector(selector)?.getBoundingClientRect();
  const [scroll, tile] = [boxOf(".scroll"), boxOf('[data-call="7"][data-channel="1"]')];
  return scroll && tile && tile.left >= scroll.left && tile.right <= scroll.right;
}
"""


def test_the_column_of_an_open_unit_is_in_sight_at_every_width(page: Page, served: str) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{served}#/look?call=7&unit=1")
    for width in (390, 1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(COLUMN_IN_SIGHT)
    page.locator(".scroll").evaluate("(one) => (one.scrollLeft = 0)")
    expect(page.locator(".panel")).to_be_visible()
    assert page.locator(".scroll").evaluate("(one) => one.scrollLeft") == 0  # who scrolls away stays there


def test_escape_closes_a_unit_and_back_opens_it_again(page: Page, look: str) -> None:
    opened(page, look)
    tile(page, 3, 2).click()
    unit = page.locator(".unit h2").first
    expect(unit).to_have_text("conv2, unit 3")
    tile(page, 1, 0).click()
    expect(unit).to_have_text("conv1, unit 1")
    page.keyboard.press("Escape")
    expect(unit).to_have_count(0)
    expect(tile(page, 1, 0)).to_be_focused()
    page.go_back()
    expect(unit).to_have_text("conv1, unit 1")
    page.go_back()
    expect(unit).to_have_text("conv2, unit 3")


def test_the_network_in_space_says_what_is_pointed_at_and_hides_layers(page: Page, look: str) -> None:
    opened(page, look, "model=2")
    open_settings(page)
    page.get_by_role("radio", name="3-D").check()
    space = page.get_by_role("region", name="Network in 3-D")
    canvas = space.locator("canvas")
    box = canvas.bounding_box()
    for row in range(2, 10):
        for column in range(1, 20):
            page.mouse.move(box["x"] + box["width"] * column / 20, box["y"] + box["height"] * row / 12)
            if space.get_by_role("status").count():
                break
        if space.get_by_role("status").count():
            break
    expect(space.get_by_role("status")).to_be_visible()
    canvas.dblclick(position={"x": box["width"] * column / 20, "y": box["height"] * row / 12})
    expect(page.locator(".unit")).to_be_visible()
    before = canvas.screenshot()
    for name in ["Rotate left", "Zoom in", "Zoom out", "Rotate right", "Reset view"]:
        space.get_by_role("button", name=name).click()
    space.get_by_label("conv1").uncheck()
    page.wait_for_timeout(300)
    assert canvas.screenshot() != before
    page.get_by_role("radio", name="2-D").check()
    expect(page.locator(".scroll")).to_be_visible()


def test_in_space_arrow_keys_walk_from_cube_to_cube_and_enter_opens_one(
    page: Page, look: str, networks: list[ModelResource]
) -> None:
    opened(page, look, "model=2")
    open_settings(page)
    page.get_by_role("radio", name="3-D").check()
    stage = page.get_by_role("application", name=re.compile("All activations of the network"))
    told = page.get_by_role("region", name="Network in 3-D").get_by_role("status")
    for key in ["ArrowDown", "ArrowRight", "ArrowDown", "ArrowDown"]:
        stage.press(key)
    expect(told).to_contain_text("conv1, unit 1")
    expect(told).to_contain_text("Row 1, column 3")
    expect(told).to_contain_text("receptive field: rows 1–5, columns 5–9 of the image")
    expect(told).to_contain_text("sum of 25 products")
    value = float(outputs_of(networks[2])[1][0, 0, 2])
    assert agrees(told.inner_text().split("\n")[2], value)
    stage.press("Enter")
    expect(page.locator(".unit")).to_have_attribute("data-place", "1 0 0 2")


def test_a_picture_is_pasted_and_dropped(page: Page, look: str, tmp_path) -> None:
    png = encode_png(np.random.default_rng(0).integers(0, 255, (50, 70, 3), np.uint8))
    opened(page, look)
    give = """([bytes, name, kind]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
      const Kind = kind === "paste" ? ClipboardEvent : DragEvent;
      const given = kind === "paste" ? { clipboardData: data } : { dataTransfer: data };
      window.dispatchEvent(new Kind(kind, { ...given, bubbles: true, cancelable: true }));
    }"""
    for kind in ("paste", "drop"):
        page.evaluate(give, [list(png), f"{kind}ed.png", kind])
        expect(page.get_by_text(f"Own image: {kind}ed.png")).to_be_visible()


def test_a_model_without_pictures_is_shown_on_an_even_gray(
    browser, static: Path, networks: list[ModelResource]
) -> None:
    with serving(make_app([replace(networks[2], rows=[])], static=static)) as address:
        tab = browser.new_page(locale="en-US")
        tab.goto(f"{address}#/look")
        expect(tab.get_by_text("No images for this model")).to_be_visible()
        expect(tab.locator("section.call")).to_have_count(len(outputs_of(networks[2])))
        tab.close()


def test_picture_answer_and_label_change_together_and_are_dimmed_until_then(page: Page, labeled: str) -> None:
    """While the numbers of another picture are awaited, the old ones stay together, and are marked as old."""
    held: list[Route] = []
    page.route("**/images/1", lambda route: held.append(route))
    opened(page, labeled)
    bar, content = page.locator(".bar"), page.locator(".content")
    first = bar.get_by_role("button", name="first.png, cat")
    expect(bar.locator(".truth")).to_have_text("True label: cat")
    answer = page.get_by_role("list", name="Prediction").inner_text()
    bar.get_by_role("button", name="second.png, dog").click()
    expect(content).to_have_attribute("aria-busy", "true")
    expect(page.get_by_text("Computing …")).to_be_visible()
    expect(bar.locator(".truth")).to_have_text("True label: cat")
    assert page.get_by_role("list", name="Prediction").inner_text() == answer
    for route in held:
        route.continue_()
    expect(bar.locator(".truth")).to_have_text("True label: dog")
    expect(content).to_have_attribute("aria-busy", "false")
    expect(page.get_by_role("list", name="Prediction")).not_to_have_text(answer)
    first.click()
    expect(bar.locator(".truth")).to_have_text("True label: cat")


def test_modified_weights_and_pixels_are_announced_on_every_view(page: Page, labeled: str) -> None:
    opened(page, labeled, "call=1&unit=0")
    weights, pixels = page.get_by_text("Weights modified."), page.get_by_text("Pixels modified.")
    bias = page.get_by_label("Bias", exact=True)
    bias.fill("3")
    bias.press("Enter")
    expect(weights).to_be_visible()
    page.get_by_role("application", name="Image to modify").click(position={"x": 5, "y": 5})
    expect(pixels).to_be_visible()
    expect(page.locator(".truth")).to_have_text("True label: cat")  # of the original
    page.get_by_role("link", name="Learn", exact=True).click()
    expect(weights).to_be_visible()
    page.get_by_role("button", name="Reset pixels").click()
    expect(pixels).to_have_count(0)
    page.get_by_role("button", name="Reset weights").click()
    expect(weights).to_have_count(0)
