"""Explanations, asked of eyespot's own server in a real browser."""

import re
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.explanations import METHODS
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource
from eyespot.sources import open_source

from .reading import wider_than_the_window
from .real import serving, small_model


def opened(page: Page, served: str, query: str = "") -> Page:
    page.goto("about:blank")
    page.goto(f"{served}#/look?{query}")
    expect(page.locator(".scroll")).to_be_visible()
    return page


def why(page: Page):
    return page.get_by_role("region", name="Explanations")


def test_every_method_that_is_offered_draws_its_map(page: Page, served: str) -> None:
    opened(page, served, "call=1&unit=2")
    expect(why(page)).to_be_visible()
    choice = why(page).get_by_label("Method")
    names = choice.locator("option").all_text_contents()[1:]
    assert set(names) <= set(METHODS) and len(names) == 12
    for name in names:
        choice.select_option(name)
        expect(why(page).get_by_role("img").first).to_be_visible()
        expect(why(page).locator("[aria-busy=false]")).to_be_visible()
        expect(why(page).get_by_role("alert")).to_have_count(0)
    choice.select_option("select a method")
    expect(why(page).get_by_role("img")).to_have_count(0)


def test_a_german_page_states_every_explanation_in_german(page: Page, served: str) -> None:
    opened(page, served, f"call=1&unit=2&lang=de&why={','.join(METHODS)}")
    expect(page.locator(".why .said")).to_have_count(12)
    page.get_by_role("button", name="Ein Bild berechnen").click()
    expect(page.get_by_text("Regularisierung: Niedrige Frequenzen")).to_be_visible()
    expect(page.locator("main [lang=en]")).to_have_count(0)
    assert not re.findall(r"\d\.\d", page.locator("main").inner_text())


def test_each_check_of_an_explanation_is_shown_as_passed_or_failed(page: Page, served: str) -> None:
    def with_one_failure(route) -> None:
        found = route.fetch().json()
        found["checks"] = [
            {"name": "area under deletion", "value": 0.4, "summary": "A random order has 0.3.", "passed": False},
            {"name": "sum of the map", "value": 0.001, "summary": "It adds up.", "passed": True},
            {"name": "share", "value": 0.5, "summary": "No limit.", "passed": None},
        ]
        found["maps"] = {"heat": [[0.0, 1e-9], [0.0, 0.0]]}
        route.fulfill(json=found)

    page.route("**/explain*", with_one_failure)
    opened(page, served, "call=1&unit=2")
    why(page).get_by_label("Method").select_option("occlusion")
    checks = why(page).get_by_role("list", name="Checks of this explanation").get_by_role("listitem")
    expect(checks).to_have_text(
        [re.compile("^Failed. area"), re.compile("^Passed. sum"), re.compile("^Measured. share")]
    )
    expect(why(page).get_by_text("failed 1 of its checks")).to_be_visible()
    expect(why(page).get_by_text("All values of this map are zero or nearly zero.")).to_be_visible()


def test_the_class_and_the_picture_of_an_explanation_can_be_changed(page: Page, served: str) -> None:
    opened(page, served, "why=occlusion")
    said = why(page).locator(".said strong")
    why(page).get_by_label("Explained class").select_option("square")
    expect(said).to_contain_text("square")
    before = said.text_content()
    page.get_by_role("group", name="Images").get_by_role("button").nth(4).click()
    expect(said).not_to_have_text(before)
    page.wait_for_url(re.compile("(?=.*of=square)(?=.*why=occlusion)"))


def test_the_open_number_is_projected_back_only_while_a_unit_is_open(page: Page, served: str) -> None:
    opened(page, served, "call=1&unit=1&y=3&x=4&why=deconvnet")
    expect(why(page).locator(".said strong")).to_contain_text("row 3, column 4")
    page.get_by_role("button", name="Close the unit").click()
    expect(why(page).get_by_label("Method").locator("option", has_text="deconvnet")).to_have_count(0)


def test_methods_stand_side_by_side_with_their_options_and_can_be_cancelled(page: Page, served: str) -> None:
    opened(page, served, "why=occlusion")
    section = why(page)
    section.get_by_label("Patch (pixels)").fill("40")
    section.get_by_label("Patch (pixels)").press("Enter")
    expect(section.get_by_label("Patch (pixels)")).to_have_attribute("aria-invalid", "true")  # larger than the image
    section.get_by_label("Patch (pixels)").fill("5")
    section.get_by_label("Gray of the patch").fill("1")
    section.get_by_label("Gray of the patch").press("Enter")
    expect(section.locator(".said")).to_contain_text("Patch of 5 x 5 pixels filled with gray 1,")
    expect(section.get_by_label("Stride (pixels)")).to_have_attribute("placeholder", "automatic: 1")
    section.get_by_role("button", name="Compare with another method").click()
    section.get_by_label("Method").nth(1).select_option("grad-cam")
    expect(section.locator(".said")).to_have_count(2)
    section.get_by_label("Layer").select_option("conv1")
    expect(section.get_by_label("Attribution per pixel")).to_have_count(2)
    page.wait_for_url(re.compile(r"why=occlusion,grad-cam&patch=5&.*layer=stages\.conv1"))

    page.route(
        "**/api/work", lambda route: route.fulfill(json={"running": True, "seconds": 3, "done": 35, "total": 81})
    )
    held = []
    page.route("**/explain*", lambda route: held.append(route))
    section.get_by_label("Explained class").select_option("square")
    expect(section.get_by_text("35 of 81 · 3 s").first).to_be_visible()
    section.get_by_role("button", name="Cancel").first.click()
    expect(section.get_by_role("status").filter(has_text="Cancelled.")).to_be_visible()
    page.unroute("**/explain*")
    held[-1].continue_()
    section.get_by_role("button", name="Compute again").click()
    expect(section.locator(".said strong", has_text="square")).to_have_count(2)


def test_lists_that_cannot_be_fetched_are_reported_and_can_be_fetched_again(page: Page, served: str) -> None:
    lists = re.compile("/api/(methods|attacks|sources)$")
    page.route(lists, lambda route: route.abort())
    opened(page, served, "call=1&unit=1")
    expect(why(page).get_by_role("alert")).to_contain_text(
        "The list of methods could not be loaded. The server does not answer."
    )
    expect(page.get_by_role("button", name="Try again")).to_have_count(3)
    page.unroute(lists)
    for left in (2, 1, 0):
        page.get_by_role("button", name="Try again").first.click()
        expect(page.get_by_role("button", name="Try again")).to_have_count(left)
    expect(why(page).get_by_label("Method").locator("option")).to_have_count(13)


def test_after_an_edit_the_page_says_that_the_trained_weights_are_explained(page: Page, served: str) -> None:
    opened(page, served, "call=1&unit=1&why=gradient")
    bias = page.get_by_label("Bias", exact=True)
    bias.fill("2.5")
    bias.press("Enter")
    expect(why(page).get_by_text("trained weights")).to_be_visible()


def test_the_strongest_images_of_a_unit_open_at_their_place(page: Page, served: str) -> None:
    opened(page, served, "call=4&unit=0")
    unit = page.locator(".unit")
    unit.get_by_role("button", name=re.compile("Search ")).click()
    links = unit.get_by_role("link", name=re.compile("Open "))
    expect(links).to_have_count(9)
    name = links.nth(8).get_attribute("aria-label")
    expect(unit.get_by_role("img", name="Patches of these images")).to_be_visible()
    links.nth(8).click()
    page.wait_for_url(re.compile("image=.*call=4|call=4.*image="))
    expect(unit).to_have_attribute("data-place", re.compile("^4 0 "))
    assert float(name.rsplit(", ", 1)[1].replace("\u2212", "-")) >= 0
    page.get_by_role("button", name="Next unit").click()
    # Only two images excite the second unit at all.
    expect(links).to_have_count(2)


def test_an_image_is_optimized_for_the_open_unit_with_its_regularizers_stated(page: Page, served: str) -> None:
    opened(page, served, "call=4&unit=0")
    section = page.get_by_role("region", name="Image optimized for the unit")
    section.get_by_role("button", name="Compute an image").click()
    expect(section.get_by_role("img", name="Image optimized to activate this unit")).to_be_visible()
    expect(section).to_contain_text("unit 0 (activation ")
    expect(section).to_contain_text("Regularizers: low frequencies")
    page.get_by_role("button", name="Next unit").click()
    expect(section.get_by_role("img")).to_have_count(0)


def test_the_strongest_images_are_looked_for_in_the_source_that_is_chosen(page: Page, static: Path) -> None:
    sources = [open_source("synthetic:shapes"), open_source("synthetic:textures")]
    model = ModelResource(name="shapes", model=small_model(), rows=sources[0].test.rows)
    with serving(make_app([model], [], sources, static=static)) as address:
        opened(page, address, "call=4&unit=0")
        unit = page.locator(".unit")
        asking = unit.get_by_role("button", name=re.compile("Search "))
        expect(asking).to_contain_text(sources[0].name)
        unit.get_by_label("Images of").select_option(label=sources[1].name)
        expect(asking).to_contain_text(sources[1].name)
        asking.click()
        found = unit.get_by_role("region", name="Images with the strongest").locator("li")
        expect(found.first).to_be_visible()
        names = {row.name for row in sources[1].test.rows}
        assert {item.rsplit(" ", 1)[0] for item in found.all_inner_texts()} <= names


def test_the_explanation_is_never_wider_than_the_window(page: Page, served: str) -> None:
    opened(page, served, "call=4&unit=0&why=occlusion&lang=de")
    expect(page.locator(".why .said")).to_be_visible()
    page.get_by_role("button", name=re.compile("durchsuchen")).click()
    expect(page.get_by_role("link", name=re.compile("öffnen,"))).to_have_count(9)
    assert wider_than_the_window(page) == []


def test_without_such_a_server_nothing_of_it_is_shown(page: Page, site: str) -> None:
    page.route("**/api/**", lambda route: route.abort())
    page.goto(f"{site}#/look?why=occlusion")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(why(page)).to_have_count(0)
