"""The page is quick enough to teach with: in Chromium without a window, drawn by the processor, the server beside it.

Claims, on two cores. Of `tinyvgg` the first picture stands within 1 s after the page is opened; another image is in
all tiles within 150 ms; pointing at a term of a formula is drawn within 16.7 ms (95th percentile, to the end of the
frame that shows it). The last is measured from the event's own time in a browser that draws as soon as there is
something to draw; in one that draws at the ticks of a display of 60 Hz, the wait for the next tick counted (0 to
16.7 ms, whatever a page does); and there from the moment at which the page is told of it. A network of 50 convolutions
and 2,000 channels opens within 3 s and scrolls at 30 frames a second or more (95th percentile of the times between
frames: 33.3 ms). Of EfficientNet-Lite0 the first picture stands within 1 s after the page is opened, and one of its
units (a projection of 1,152 channels) within 200 ms. A gallery of 10,000 thumbnails scrolls at 30 frames a second.
While the server computes a slow explanation, another image is answered within 300 ms.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import torch
from _common import finish, parse, spread
from playwright.sync_api import Browser, Page, sync_playwright

from eyespot.images import ImageSpec, write_png
from eyespot.model import Model
from eyespot.networks import Output, build
from eyespot.tasks._classify import Classify

LENGTH = "short"
CHROMIUM = which("chromium") or which("chromium-headless-shell") or "chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
CONVOLUTIONS = ", ".join(["conv 40@3x3 same, relu"] * 2 + ["maxpool 2"] + ["conv 40@3x3 same, relu"] * 48)
WITHOUT_TICKS = [*FLAGS, "--disable-frame-rate-limit", "--disable-gpu-vsync"]
NETWORKS = {
    "tinyvgg": ("tinyvgg", 64),
    "50 convolutions of 40 channels": (f"{CONVOLUTIONS}, maxpool 16, flatten, dense", 32),
}
SETTLES = 2000
"""Milliseconds in which Chromium loads its own parts of a new window, such as the address bar, on the same cores."""
IMAGES = 48
PHOTOS = 10_000
WITHOUT_WEIGHTS = """
from eyespot.cli import main
from eyespot.organizing import _embedding

_embedding.is_installed = lambda name: False
main()
"""
"""`eyespot` that indexes photos without their embeddings, which no thumbnail needs: seconds, not half an hour."""

OPENED = """
// The first frame in which every call that is in sight has its tiles or its answers, and the end of that frame.
const look = () => {
  const area = document.querySelector(".scroll")?.getBoundingClientRect();
  const inSight = (call) => call.getBoundingClientRect().left < area.right;
  const calls = [...document.querySelectorAll("section.call")].filter(inSight);
  const whole = calls.length > 3 && calls.every((call) => call.querySelector(".tiles canvas, .tiles li"));
  if (whole) afterFrame(() => (window.opened = performance.now()));
  else requestAnimationFrame(look);
};
window.afterFrame = (then) => {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  });
};
requestAnimationFrame(look);
"""
HOVERED = """
() => {
  window.hovers = [];
  addEventListener("mouseover", (event) => {
    if (!event.target.closest(".terms button")) return;
    const told = performance.now();
    afterFrame(() => hovers.push([performance.now() - event.timeStamp, performance.now() - told]));
  }, true);
}
"""
CHANGED = """
() => {
  window.changes = [];
  let clicked = 0;
  addEventListener("click", (event) => (clicked = event.timeStamp), true);
  const answer = document.querySelector(".answered");
  new MutationObserver(() => {
    const from = clicked;
    clicked = 0;
    if (from) afterFrame(() => changes.push(performance.now() - from));
  }).observe(answer, { subtree: true, childList: true, characterData: true, attributes: true });
}
"""
SCROLLED = """
async () => {
  const area = document.querySelector(".scroll");
  const frames = [];
  let before = performance.now();
  const end = area.scrollWidth - area.clientWidth;
  for (let x = 0; x <= end; x += 40) {
    area.scrollLeft = x;
    await new Promise((next) => afterFrame(next));
    const now = performance.now();
    frames.push(now - before);
    before = now;
  }
  return frames;
}
"""

SCROLLED_GALLERY = """
async () => {
  const gallery = document.querySelector("[role=grid]");
  const frames = [];
  gallery.scrollTop = 0;
  let before = performance.now();
  for (let y = 0; y <= 400 * 40; y += 40) {
    gallery.scrollTop = y;
    await new Promise((next) => requestAnimationFrame(next));
    const now = performance.now();
    frames.push(now - before);
    before = now;
  }
  return frames;
}
"""
UNIT_OPENED = """
() => {
  window.units = [];
  addEventListener("click", (event) => {
    const tile = event.target.closest("button[data-channel]");
    if (!tile) return;
    const place = `${tile.dataset.call} ${tile.dataset.channel} `;
    const look = () => {
      const unit = document.querySelector("section.unit");
      if (unit?.dataset.place.startsWith(place)) afterFrame(() => units.push(performance.now() - event.timeStamp));
      else requestAnimationFrame(look);
    };
    look();
  }, true);
}
"""


def main() -> None:
    arguments = parse(__doc__, {"repeats": 10})
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        pictures = draw_pictures(Path(place))
        rows: list[dict[str, Any]] = []
        with playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
            version = browser.version
        for name, (text, side) in NETWORKS.items():
            model = write_model(Path(place), text, side)
            with serving(str(model), "--source", str(pictures)) as address:
                with playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
                    rows += measure(browser, address, name, arguments.repeats)
                if name == "tinyvgg":
                    with playwright.chromium.launch(executable_path=CHROMIUM, args=WITHOUT_TICKS) as browser:
                        rows.append(hover_without_ticks(browser, address))
        with playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
            deep = write_model(Path(place), "efficientnet-lite0", 224)
            with serving(str(deep), "--source", str(pictures)) as address:
                rows += measure_deep(browser, address, arguments.repeats)
            photos = draw_photos(Path(place))
            with serving("--photos", str(photos), program=("-c", WITHOUT_WEIGHTS), cache=Path(place)) as address:
                rows.append(scroll_thumbnails(browser, address, arguments.repeats))
    finish(__file__, arguments, {"chromium": version, "window": "1280 x 900"}, rows)


def draw_pictures(place: Path) -> Path:
    folder = place / "pictures"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(IMAGES):
        coarse = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        write_png(np.kron(coarse, np.ones((12, 12, 1), np.uint8)), folder / f"{number}.png")
    return folder


def draw_photos(place: Path) -> Path:
    """Small photos that all differ."""
    folder = place / "photos"
    folder.mkdir()
    generator = np.random.default_rng(1)
    for number in range(PHOTOS):
        coarse = generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        write_png(np.kron(coarse, np.ones((8, 8, 1), np.uint8)), folder / f"{number:05}.png")
    return folder


def write_model(place: Path, text: str, side: int) -> Path:
    torch.manual_seed(0)
    images = ImageSpec(height=side, width=side, channels=3, mean=(0.5,), std=(0.25,))
    network = build(text, images.shape, Output("vector", 10)).eval()
    task = Classify(classes=tuple(f"class {k}" for k in range(10)))
    return Model(network=network, task=task, images=images).save(place / "network.safetensors")


@contextmanager
def serving(*what: str, program: Sequence[str] = ("-m", "eyespot"), cache: Path | None = None) -> Iterator[str]:
    """`eyespot serve` in a process of its own; gives its address."""
    command = [sys.executable, *program, "serve", *what, "--no-browser"]
    where = os.environ | ({"EYESPOT_CACHE": str(cache)} if cache else {})
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=where)
    assert server.stdout
    try:
        line = next(line for line in server.stdout if "http" in line)
        yield next(word for word in line.split() if word.startswith("http"))
    finally:
        server.terminate()
        server.wait()


def measure(browser: Browser, address: str, name: str, repeats: int) -> list[dict[str, Any]]:
    opened = [open_page(browser, address)[1] for _ in range(repeats)]
    page, _ = open_page(browser, address)
    rows = [row(name, "first picture after opening (the first of a new server)", opened[:1], None)]
    if name == "tinyvgg":
        changed = change_images(page, repeats)
        whole, own = hover(page, address)
        rows += [
            row(name, "first picture after opening", opened[1:], 1000),
            row(name, "another image in all tiles", changed, 150),
            row(name, "a term of a formula pointed at, the wait for the tick of 60 Hz counted", whole, 16.7),
            row(name, "a term of a formula pointed at, from its handling on", own, 16.7),
        ]
    else:
        rows += [
            row(name, "first picture after opening", opened[1:], 3000),
            row(name, "from frame to frame in scrolling", scroll(page, repeats), 33.3),
        ]
    page.context.close()
    return rows


def measure_deep(browser: Browser, address: str, repeats: int) -> list[dict[str, Any]]:
    """EfficientNet: opened, one of its units opened, and another picture during a slow explanation."""
    name = "EfficientNet-Lite0"
    opened = [open_page(browser, address)[1] for _ in range(repeats + 1)]
    page, _ = open_page(browser, address)
    rows = [row(name, "first picture after opening", opened[1:], 1000)]
    rows.append(row(name, "a unit of 1,152 inputs opened", open_units(page, repeats), 200))
    page.get_by_role("button", name="Close the unit").click()
    page.locator(".why").get_by_label("Method").select_option("integrated-gradients")
    page.get_by_role("button", name="Cancel").wait_for()
    changed = change_images(page, repeats)
    rows.append(row(name, "another image answered during a slow explanation", changed, 300))
    page.context.close()
    return rows


def open_units(page: Page, repeats: int) -> list[float]:
    """Milliseconds from the click on a tile until the formula of its unit is drawn."""
    page.locator("section.unit").wait_for()  # the one that a first visit opens as soon as all numbers are there
    search = page.get_by_label("Jump to one of")
    search.fill("stage6.block4.project.conv")
    search.press("Enter")
    tile = page.locator("button[data-call]:focus")
    call = tile.get_attribute("data-call")
    page.evaluate(UNIT_OPENED)
    for channel in range(repeats):
        page.locator(f'button[data-call="{call}"][data-channel]').nth(channel).click()
        page.wait_for_function(f"() => units.length === {channel + 1}")
    return page.evaluate("units")


def scroll_thumbnails(browser: Browser, address: str, repeats: int) -> dict[str, Any]:
    """Frames of the gallery of Organize while it is scrolled through 10,000 photos, 40 pixels in each."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{address}#/organize")
    page.locator("[role=grid] img").first.wait_for()
    frames = [time for _ in range(max(1, repeats // 5)) for time in page.evaluate(SCROLLED_GALLERY)[1:]]
    page.context.close()
    return row(f"{PHOTOS:,} photos in Organize", "from frame to frame in scrolling", frames, 33.3)


def hover_without_ticks(browser: Browser, address: str) -> dict[str, Any]:
    page, _ = open_page(browser, address)
    whole, _ = hover(page, address)
    return row("tinyvgg", "a term of a formula pointed at, from the event on, without a display's ticks", whole, 16.7)


def open_page(browser: Browser, address: str, query: str = "") -> tuple[Page, float]:
    """A fresh window, and the milliseconds until everything was drawn."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.wait_for_timeout(SETTLES)
    page.add_init_script(OPENED)
    page.goto(f"{address}#/look{query}")
    page.wait_for_function("() => window.opened")  # a function: the page's policy forbids to evaluate text
    return page, page.evaluate("window.opened")


def change_images(page: Page, repeats: int) -> list[float]:
    """Milliseconds from the click on an image until the answer changes, and with it all tiles."""
    page.wait_for_timeout(500)
    page.evaluate(CHANGED)
    buttons = page.get_by_role("group", name="Images").get_by_role("button")
    for turn in range(1, repeats + 1):
        buttons.nth(turn % IMAGES).click()
        page.wait_for_function(f"() => changes.length === {turn}")
    return page.evaluate("changes")


def hover(page: Page, address: str) -> tuple[list[float], list[float]]:
    """Milliseconds until a pointed term was drawn: from the event's own time, and from its handling on."""
    page.goto(f"{address}#/look?call=3&unit=2&y=20&x=20")
    terms = page.locator(".terms button")
    terms.first.scroll_into_view_if_needed()
    page.evaluate(HOVERED)
    boxes = [terms.nth(place).bounding_box() for place in range(min(27, terms.count()))]
    for box in [box for box in boxes if box] * 4:
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(40)
    whole, own = zip(*page.evaluate("hovers"), strict=True)
    return list(whole), list(own)


def scroll(page: Page, repeats: int) -> list[float]:
    page.wait_for_timeout(500)
    frames: list[float] = []
    for _ in range(max(1, repeats // 5)):
        page.evaluate("document.querySelector('.scroll').scrollLeft = 0")
        page.wait_for_timeout(500)
        frames += page.evaluate(SCROLLED)[1:]
    return frames


def row(network: str, what: str, values: list[float], bar: float | None) -> dict[str, Any]:
    if not values:
        sys.exit(f"{network}, {what}: nothing was measured.")
    told = spread(values)
    late = float(np.percentile(values, 95))
    return {
        "network": network, "what": what, "median ms": told["median"], "95th percentile ms": late,
        "greatest ms": told["high"], "bar ms": bar, "times": told["runs"],
    }  # fmt: skip


if __name__ == "__main__":
    main()
