"""A real browser on the built page, served from loopback."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eyespot.images import ImageSpec
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource

from .networks import GRAY, shown
from .real import make, serving, write_run

CHROMIUMS = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
"""Debian's Chromium in the order of preference: the first one has no windows at all and needs half of the time."""
STATIC = Path(__file__).parents[2] / "src" / "eyespot" / "serving" / "static"
WAIT = 60_000
"""Milliseconds until a test gives up: much longer than the page takes, for machines that do much else."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # the view in space draws on the processor here
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def static() -> Path:
    """The folder of the built page."""
    if not (STATIC / "index.html").is_file():
        pytest.skip("the page is not built; run: npm --prefix page ci && npm --prefix page run build")
    return STATIC


@pytest.fixture(scope="session")
def site(static: Path) -> Iterator[str]:
    """The address of the built page, without a server of ours behind it."""
    handler = functools.partial(_Quiet, directory=str(static))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")  # not longer: playwright's event loop runs while it is open, and others need their own
def browser():
    """Debian's Chromium without a window."""
    found = [path for path in CHROMIUMS if path.exists()]
    if not found:
        pytest.skip(f"there is no {CHROMIUMS[0]}; run: apt-get install {CHROMIUMS[0].name}")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=WAIT)
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(found[0]), args=FLAGS)
        yield chromium
        chromium.close()


def new_context(browser: Any) -> Any:
    """A context in English without motion, after the first visit: its introduction has its own test."""
    context = browser.new_context(locale="en-US", reduced_motion="reduce")
    context.add_init_script("if (location.protocol === 'http:') localStorage.setItem('eyespot-tour', 'done')")
    return context


@pytest.fixture(scope="module")
def tab(browser):
    """One tab for all tests of a module: to open another takes longer than most of them."""
    context = new_context(browser)
    tab = context.new_page()
    tab.set_default_timeout(WAIT)
    yield tab
    context.close()


@pytest.fixture
def page(tab):
    """An empty tab of 1280 x 900 pixels in English; a test fails when the page complains in its console."""
    tab.set_viewport_size({"width": 1280, "height": 900})
    complaints: list[str] = []

    def note_error(error: object) -> None:
        complaints.append(str(error))

    def note_message(message: Any) -> None:
        # The browser itself tells of a refused request; the tests of refusals look for the page's sentence.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    tab.on("pageerror", note_error)
    tab.on("console", note_message)
    yield tab
    tab.remove_listener("pageerror", note_error)
    tab.remove_listener("console", note_message)
    tab.unroute_all()
    if tab.url.startswith("http"):
        tab.evaluate("localStorage.clear()")
    tab.goto("about:blank")
    assert not complaints, complaints


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Path:
    """The folder of a run that is still in training."""
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def served(static: Path, run: Path) -> Iterator[str]:
    """The address of the page with eyespot's own server behind it: one model, one run, one source."""
    with serving(make(run, static)) as address:
        yield address


@pytest.fixture(scope="session")
def networks() -> list[ModelResource]:
    """A chain, a network with skips, a gray one with few numbers, one that gives a picture, and dense layers."""
    return [
        shown("chain", "tinyvgg", ImageSpec(height=32, width=28, channels=3, mean=(0.5,), std=(0.25,)), 5),
        shown("skips", "residual", ImageSpec(height=32, width=40, channels=3), 30),
        shown("gray", GRAY, ImageSpec(height=20, width=20, channels=1), 3),
        shown("picture", "denoiser", ImageSpec(height=24, width=24, channels=1), 0),
        shown(
            "dense", "conv 2@5x5, relu, flatten, dense 40, relu, dense", ImageSpec(height=12, width=12, channels=1), 4
        ),
    ]


@pytest.fixture(scope="session")
def look(static: Path, networks: list[ModelResource]) -> Iterator[str]:
    """The address of Look, with these networks behind it."""
    with serving(make_app(networks, static=static)) as address:
        yield f"{address}#/look"
