"""Small pictures of the page, compared with references.

`python -m tests.page.visual [STATE ...]` renews the references of some states, or of all. A picture has one gray number
for each block of the window, so that other fonts and other edges of letters change it little, but a part that is
missing or has moved changes it much.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

from eyespot.images import encode_png, read_native

FOLDER = Path(__file__).parent / "visual"
"""The references, one for each state and width."""
WIDTHS = (390, 1280, 2560)
"""A phone, a laptop and a large screen, in pixels."""
HEIGHT = 1200
BLOCKS = 64
"""So many blocks beside each other make the picture of a window."""
CLEAR = 12
"""A block is different if its gray, from 0 to 255, differs more from those of the blocks around it in the reference."""
MOST = 0.01
"""Share of the blocks that may differ."""
SAMPLE, WIDE = "Sphinx of black quartz, judge my vow", 264.1
"""A text, and its width in the font of the references: in pixels, at a size of 16."""
UNIT = "#/look?call=1&unit=2"
STATES = {
    "look": "#/look",
    "look-german": "#/look?lang=de",
    "unit": UNIT,
    "unit-pool": "#/look?call=3&unit=1&y=2&x=2",
    "unit-dense": "#/look?call=7&unit=1",
    "unit-relu": "#/look?call=2&unit=1",
    "gradients": f"{UNIT}&show=gradients",
    "explanation": f"{UNIT}&why=occlusion,gradient",
    "judge": "#/judge",
    "judge-cell": "#/judge?target=circle&label=square",
    "judge-german": "#/judge?lang=de",
    "train-run": "#/train?run=0",
    "organize-missing": "#/organize",
    "learn": "#/learn",
    "learn-convolution": "#/learn/convolution",
    "learn-kernels": "#/learn/kernels",
    "learn-hyperparameters": "#/learn/hyperparameters",
    "learn-receptive": "#/learn/receptive",
    "learn-activation": "#/learn/activation",
    "learn-dense": "#/learn/dense",
    "learn-padding": "#/learn/padding",
}
"""Addresses of the page that are pictured.

Not the start of a training: its estimate of the time depends on what the machine trained before.
"""


def text_width(page: Page) -> float:
    """The width of the sample in the font of the page."""
    return page.evaluate(
        """(text) => {
          const pen = document.createElement("canvas").getContext("2d");
          pen.font = `16px ${getComputedStyle(document.body).fontFamily}`;
          return pen.measureText(text).width;
        }""",
        SAMPLE,
    )


def has_font_of_references(page: Page) -> bool:
    """Whether lines break as in the references, whatever the font is called."""
    return abs(text_width(page) / WIDE - 1) < 0.01


def open_state(page: Page, served: str, name: str) -> None:
    """Open a state and wait until nothing in it is computed any more."""
    page.goto("about:blank")
    page.goto(served + STATES[name])
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def picture(page: Page, width: int) -> np.ndarray:
    """The window at a width as gray blocks, uint8 (H, W)."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    side = width // BLOCKS
    gray = read_native(page.screenshot(animations="disabled", caret="hide")).mean(2)
    rows, columns = gray.shape[0] // side, gray.shape[1] // side
    return (
        gray[: rows * side, : columns * side].reshape(rows, side, columns, side).mean((1, 3)).round().astype(np.uint8)
    )


def settled(page: Page, width: int) -> np.ndarray:
    """A picture that is the same twice in a row."""
    before = picture(page, width)
    while not np.array_equal(before, after := picture(page, width)):
        before = after
    return after


def reference_of(name: str, width: int) -> np.ndarray:
    """The reference of a state at a width, uint8 (H, W)."""
    return read_native(FOLDER / f"{name}-{width}.png").reshape(HEIGHT // (width // BLOCKS), -1)


def difference(found: np.ndarray, reference: np.ndarray) -> float:
    """Share of the blocks outside the range of their reference and its 8 neighbors; 1 for another size."""
    if found.shape != reference.shape:
        return 1.0
    padded = np.pad(reference.astype(int), 1, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    low, high = around.min((2, 3)) - CLEAR, around.max((2, 3)) + CLEAR
    return float(((found < low) | (found > high)).mean())


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """`difference` in the direction that finds more: what is missing in one of them is surplus in the other."""
    return max(difference(one, other), difference(other, one))


def closest(page: Page, name: str, width: int, patience: float = 60) -> float:
    """The distance of the window from its reference; it is pictured again for `patience` seconds if it is too far."""
    end = time.monotonic() + patience
    far = distance(picture(page, width), reference_of(name, width))
    while far > MOST and time.monotonic() < end:
        far = distance(picture(page, width), reference_of(name, width))
    return far


def renew(page: Page, served: str) -> None:
    """Write the references of the states that are named on the command line anew, or all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or STATES:
        open_state(page, served, name)
        for width in WIDTHS:
            (FOLDER / f"{name}-{width}.png").write_bytes(encode_png(settled(page, width)[..., None]))


def with_page(use: Callable[[Page, str], None]) -> None:
    """Call a function with a tab and the address of the page."""
    from tempfile import TemporaryDirectory

    from .conftest import CHROMIUMS, FLAGS, STATIC, WAIT, new_context
    from .real import make, serving, write_run

    expect.set_options(timeout=WAIT)
    found = next(path for path in CHROMIUMS if path.exists())
    with TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(found), args=FLAGS)
        with serving(make(write_run(Path(folder)), STATIC)) as served:
            use(new_context(browser).new_page(), served)
            browser.close()


if __name__ == "__main__":
    with_page(renew)
