"""A real browser on the built page, served from loopback."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from eyespot.images import ImageSpec
from eyespot.serving.app import make_app
from eyespot.serving.resources import ModelResource

from .networks import GRAY, shown
from .real import make, serving, write_run

CHROMIUM = Path("/usr/bin/chromium")
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
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; run: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=WAIT)
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A fresh tab of 1280 x 900 pixels in English; a test fails when the page complains in its console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", reduced_motion="reduce")
    # A first visit has an introduction, which has its own test.
    context.add_init_script("if (location.protocol === 'http:') localStorage.setItem('eyespot-tour', 'done')")
    tab = context.new_page()
    tab.set_default_timeout(WAIT)
    complaints: list[str] = []
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    # The browser itself tells of a refused request; the tests of refusals look for the page's sentence.
    told = "Failed to load resource"
    tab.on("console", lambda m: complaints.append(m.text) if m.type == "error" and told not in m.text else None)
    yield tab
    context.close()
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
