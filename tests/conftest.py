"""What all tests share: one thread, and the real images where they are at hand."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from eyespot import html
from eyespot.explanations import _checks

draw_svg: Callable[..., str] = html._svg

torch.set_num_threads(1)
settings.register_profile("eyespot", deadline=None)  # a busy machine must not fail a property
settings.load_profile("eyespot")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache folder of the tests' own: they leave the user's alone."""
    os.environ["EYESPOT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def _one_drawing_of_each_kind() -> Iterator[None]:
    """Reports hold the first chart of each kind again and again: drawing it takes longer than a tiny training."""
    drawn: dict[str, str] = {}

    def draw_once(figure: object, salt: str) -> str:
        if salt not in drawn:
            drawn[salt] = draw_svg(figure, salt)
        return drawn[salt]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "_svg", draw_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _coarse_deletion_curves() -> Iterator[None]:
    """Each explanation is checked by curves over deleted pixels; 6 points and one random order are computed here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_checks, "STEPS", 6)
        patch.setattr(_checks, "ORDERS", 1)
        yield


@pytest.fixture
def data() -> Path:
    """The folder of real images; tests that need it are skipped, by name, where it is missing."""
    folder = Path(os.environ.get("EYESPOT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs real images in {folder} (set EYESPOT_DATA)")
    return folder
