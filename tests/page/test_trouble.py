"""Messages of what failed: they float above the page, move none of it, and can be closed."""

from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, Route, expect

from .reading import accessible, resize

VISIBLE = "h1, h2, h3, label, button, select, textarea, canvas, table, p, ul"
PLACES = """
(selector) => {
  const place = (one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    return [one.tagName, x + scrollX, y + scrollY, width, height].join(" ");
  };
  return [...document.querySelectorAll(selector)].filter((one) => !one.closest("[role=alert], header")).map(place);
}
"""
"""Where everything is and how large it is, except for the messages, and for the header, which stays in view."""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A file that is called a picture and is none."""
    path = tmp_path / "notes.png"
    path.write_text("no picture")
    return path


def opened(page: Page, address: str, texts: tuple[str, ...]) -> Page:
    page.goto(address)
    for text in texts:
        expect(page.get_by_text(text).first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    settle(page)
    return page


def settle(page: Page) -> None:
    """Wait until the view is complete: parts of it come as soon as the server has answered."""
    page.wait_for_load_state("networkidle")
    places: list[str] = []
    while (found := page.evaluate(PLACES, VISIBLE)) != places:
        places = found
        page.wait_for_timeout(300)


def in_learn(page: Page, served: str, notes: Path) -> None:
    page.get_by_label("Upload a photo").set_input_files(notes)


def in_look(page: Page, served: str, notes: Path) -> None:
    page.get_by_label("Upload an image").set_input_files(notes)


def in_train(page: Page, served: str, notes: Path) -> None:
    page.get_by_label("seed").fill("five")
    page.get_by_role("button", name="Start training", exact=True).click()


TRAIN = ("Look for doubtful labels", "multiply-adds")
CASES = {
    "learn/kernels": (in_learn, ("Upload a photo",), "cannot be decoded"),
    "look": (in_look, ("shapes",), "not an image"),
    "train": (in_train, TRAIN, "Enter a number"),
}
"""What fails in a view, texts by which the view is seen to be complete, and the message."""


def overlap(first: dict[str, float], second: dict[str, float]) -> bool:
    """Whether two boxes cover each other vertically."""
    return first["y"] < second["y"] + second["height"] and second["y"] < first["y"] + first["height"]


def box(message: Locator) -> dict[str, float]:
    """Where a message is in the window."""
    found = message.bounding_box()
    assert found is not None
    return found


@pytest.mark.parametrize("view", CASES)
@pytest.mark.parametrize("width", [1280, 390])
def test_a_message_moves_nothing_and_can_be_closed(page: Page, served: str, notes: Path, view: str, width: int) -> None:
    fail, texts, message = CASES[view]
    resize(page, width)
    opened(page, f"{served}#/{view}", texts)
    before = page.evaluate(PLACES, VISIBLE)
    fail(page, served, notes)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(message)
    assert page.evaluate(PLACES, VISIBLE) == before
    place = box(alert)
    assert place["x"] >= 0 and place["x"] + place["width"] <= width and place["y"] + place["height"] <= 900
    accessible(page)
    page.get_by_role("button", name="Close the message").click()
    expect(alert).to_have_count(0)


def test_messages_do_not_cover_each_other(page: Page, served: str, notes: Path) -> None:
    resize(page, 390)
    opened(page, f"{served}#/train", TRAIN)
    in_train(page, served, notes)
    text = notes.rename(notes.with_suffix(".txt"))
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(text)
    alerts = page.get_by_role("alert")
    expect(alerts).to_have_count(2)
    expect(alerts.nth(0)).to_contain_text("No images")
    page.wait_for_function(
        "() => new Set([...document.querySelectorAll('[role=alert]')].map((one) => one.style.bottom)).size === 2"
    )
    assert not overlap(box(alerts.nth(0)), box(alerts.nth(1)))


def test_the_same_message_comes_again_after_it_was_closed(page: Page, served: str, notes: Path) -> None:
    opened(page, f"{served}#/train", TRAIN)
    in_train(page, served, notes)
    page.get_by_role("button", name="Close the message").click()
    page.get_by_label("seed").fill("5")
    page.get_by_label("maximum learning rate").fill("99")
    page.get_by_role("button", name="Start training", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("'rate'")


METHOD = "gradient"


def settled_map(page: Page, served: str) -> Locator:
    """The map of one explanation, after it is there."""
    page.goto(f"{served}#/look?call=1&unit=2&why={METHOD}")
    explained = page.get_by_role("region", name="Explanations")
    expect(explained.get_by_role("img").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return explained


@pytest.mark.parametrize("width", [1280, 390])
def test_an_explanation_that_fails_leaves_the_one_before_where_it_is(page: Page, served: str, width: int) -> None:
    resize(page, width)
    explained = settled_map(page, served)
    before = page.evaluate(PLACES, ".why *")
    page.route("**/explain*", lambda route: route.fulfill(status=400, json={"error": "No map.", "code": "explanation"}))
    page.evaluate("location.hash += '&of=square'")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No map.")
    expect(explained.locator(".stale")).to_be_visible()
    assert page.evaluate(PLACES, ".why *") == before
    page.unroute("**/explain*")
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_have_count(0)
    expect(explained.locator(".stale")).to_have_count(0)


def test_the_progress_of_an_explanation_moves_nothing(page: Page, served: str) -> None:
    explained = settled_map(page, served)
    before = page.evaluate(PLACES, ".why .result, .why .result *")
    page.route("**/explain*", lambda route: None)  # never answered
    page.evaluate("location.hash += '&of=square'")
    expect(explained.get_by_role("button", name="Cancel")).to_be_visible()
    assert page.evaluate(PLACES, ".why .result, .why .result *") == before
    explained.get_by_role("button", name="Cancel").click()
    expect(explained.get_by_role("button", name="Compute again")).to_be_visible()
    assert page.evaluate(PLACES, ".why .result, .why .result *") == before


def test_a_run_that_fails_while_it_is_watched_moves_nothing(page: Page, served: str) -> None:
    error = ""
    found = page.request.get(f"{served}api/runs/0").json() | {"state": "failed"}

    def with_error(route: Route) -> None:
        route.fulfill(json=found | {"error": error})

    page.route("**/api/runs/0", with_error)
    page.goto(f"{served}#/train?run=0")
    expect(page.get_by_role("img", name="loss: training")).to_be_visible()
    before = page.evaluate(PLACES, VISIBLE)
    error = "folder: no image is left for training; give more images."
    expect(page.get_by_role("alert")).to_contain_text("no image is left")
    assert page.evaluate(PLACES, VISIBLE) == before
