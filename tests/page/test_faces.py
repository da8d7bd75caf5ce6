"""Faces in a real browser: two photos compared, and a person enrolled, recognized and deleted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from eyespot.faces import Gallery
from eyespot.images import write_png
from eyespot.serving.app import make_app
from tests.faces.conftest import photos  # noqa: F401

from .reading import accessible_in_all_settings, layout_faults
from .real import serving


@pytest.fixture
def faces(static: Path, tmp_path: Path, photos: dict[str, Path]) -> Iterator[str]:  # noqa: F811
    """The address of the view, with a gallery that does not exist yet."""
    gallery = Gallery(tmp_path / "people.sqlite", create=True)
    with serving(make_app(static=static, gallery=gallery)) as address:
        yield f"{address}#/faces"


def test_faces_are_compared_enrolled_recognized_and_deleted(
    page: Page,
    faces: str,
    tmp_path: Path,
    photos: dict[str, Path],  # noqa: F811
) -> None:
    page.goto(faces)
    page.get_by_label("First photo", exact=True).set_input_files(photos["first"])
    page.get_by_label("Second photo", exact=True).set_input_files(photos["second"])
    expect(page.get_by_text("The same person", exact=True)).to_be_visible()
    expect(page.locator("rect")).to_have_count(2)
    expect(page.locator("circle")).to_have_count(10)
    expect(page.get_by_text("False accept rate: 0.066 % of pairs")).to_be_visible()
    page.get_by_label("Second photo", exact=True).set_input_files(photos["other"])
    expect(page.get_by_text("Not the same person", exact=True)).to_be_visible()
    blurred = write_png(_blurred(photos["first"]), tmp_path / "blurred.png")
    page.get_by_label("Second photo", exact=True).set_input_files(blurred)
    expect(page.get_by_text("Cannot tell", exact=True)).to_be_visible()
    expect(page.get_by_text("Second photo: the face is blurred.")).to_be_visible()

    enroll = page.get_by_label("Enroll photos …")
    expect(enroll).to_be_disabled()
    page.get_by_label("Name").fill("Andy/R.")
    page.get_by_label("This person agreed").check()
    enroll.set_input_files([photos["first"], Path(__file__)])
    expect(page.get_by_text("Andy/R.: 1 photo enrolled.")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("test_faces.py: ")
    page.get_by_label("Photo", exact=True).set_input_files(photos["second"])
    expect(page.get_by_role("list", name="Faces: Photo").get_by_text("Andy/R.")).to_be_visible()

    page.goto("about:blank")  # the gallery is kept, and the other language has all words
    page.goto(f"{faces}?lang=de")
    expect(page.get_by_role("list", name="Bekannte Personen").get_by_text("Andy/R.")).to_be_visible()
    expect(page.get_by_text("Falschakzeptanzrate: 0,066 % der Paare")).to_be_visible()
    accessible_in_all_settings(page)
    assert layout_faults(page) == {}
    page.get_by_label("Andy/R. löschen").click()
    page.get_by_role("button", name="Mit allen Gesichtern löschen").click()
    expect(page.get_by_text("Niemand ist eingetragen.")).to_be_visible()
    assert all(b"Andy" not in file.read_bytes() for file in tmp_path.glob("people*"))


def _blurred(photo: Path):
    import torch
    from torch.nn.functional import avg_pool2d

    from eyespot.images import ImageSpec, read_pixels

    pixels = read_pixels(photo, ImageSpec(height=128, width=128, channels=3))
    values = torch.tensor(pixels).permute(2, 0, 1).float()[None]
    return avg_pool2d(values, 9, stride=1, padding=4)[0].permute(1, 2, 0).byte().numpy()
