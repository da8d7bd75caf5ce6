"""A small collection: photos of known colors, times and places, and a copy, as `organize` finds them."""

from pathlib import Path

import numpy as np
from PIL import Image

from eyespot.organizing import organize
from eyespot.serving.collection import CollectionResource

PLACE = {1: "N", 2: (43.0, 30.0, 0.0), 3: "E", 4: (11.0, 45.0, 0.0)}
"""43.5, 11.75 as EXIF has it."""


def scene(color: tuple[int, int, int], seed: int) -> Image.Image:
    """Blocks of random brightness in one color."""
    random = np.random.default_rng(seed).uniform(0.5, 1.0, (9, 12, 1)).repeat(8, axis=0).repeat(8, axis=1)
    return Image.fromarray((random * np.array(color)).astype(np.uint8))


def save(image: Image.Image, file: Path, taken: str = "", place: bool = False) -> None:
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[36867] = taken
    if place:
        exif[0x8825] = PLACE
    image.save(file, exif=exif.tobytes(), quality=95)


def write_photos(folder: Path) -> Path:
    """Four photos: red.jpg, its smaller copy, blue.jpg of another event, green.jpg without a time; a broken file."""
    (folder / "trip").mkdir(parents=True)
    red = scene((250, 20, 20), 0)
    save(red, folder / "trip" / "red.jpg", "2020:05:01 10:00:00", place=True)
    save(red.resize((72, 54)), folder / "small.jpg")
    save(scene((30, 60, 250), 1), folder / "blue.jpg", "2021:01:02 09:30:00")
    save(scene((30, 200, 40), 2), folder / "green.jpg")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    return folder


def open_photos(base: Path, into: Path | None = None, clip: Path | None = None) -> CollectionResource:
    """The collection in a new folder below `base`, with embeddings where these can be computed."""
    found = organize(write_photos(base / "photos"), base / "index.sqlite", clip=clip)
    return CollectionResource(found=found, plans=base / "plans", into=into)
