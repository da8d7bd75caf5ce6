"""What all tests share: one thread, and the real images where they are at hand."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("eyespot", deadline=None)  # a busy machine must not fail a property
settings.load_profile("eyespot")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cache folder of the tests' own: they leave the user's alone."""
    os.environ["EYESPOT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def data() -> Path:
    """The folder of real images; tests that need it are skipped, by name, where it is missing."""
    folder = Path(os.environ.get("EYESPOT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs real images in {folder} (set EYESPOT_DATA)")
    return folder
