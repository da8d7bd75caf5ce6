"""Mutated images and tables: bytes flipped, cut off and joined. Each is read or refused by an error that names it.

    python benchmarks/mutated_images.py --count 10000 --seed 0

Counted are tracebacks (any error that is not an `EyespotError`) and silent losses (files or lines that are neither
used nor named). Both must be 0. The test suite runs the same checks on a few hundred.
"""

import io
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import _common
import numpy as np
from PIL import Image

from eyespot.errors import EyespotError
from eyespot.images import ImageSpec, inspect, read_pixels
from eyespot.sources import open_source
from eyespot.sources._table import read_table
from eyespot.value_range import choose_range

LENGTH = "long"
SPEC = ImageSpec(height=24, width=24, channels=3)
SUFFIXES = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "GIF": ".gif",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "BMP": ".bmp",
    "AVIF": ".avif",
    "JPEG2000": ".jp2",
    "PPM": ".ppm",
    "TGA": ".tga",
    "ICO": ".ico",
    "QOI": ".qoi",
}
STRUCTURE = b',;\t"\n\r\0'


@cache
def originals() -> list[tuple[str, bytes]]:
    """A photo of scikit-learn in every format, upright and turned, and its gray values in 16 bits and as floats."""
    from sklearn.datasets import load_sample_image

    photo = Image.fromarray(load_sample_image("china.jpg")).resize((64, 48))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"
    gray = np.asarray(photo.convert("L"))
    found = []
    for kind, suffix in SUFFIXES.items():
        options = {"exif": exif} if kind in ("JPEG", "PNG", "WEBP", "TIFF") else {}
        found.append((suffix, _saved(photo, kind, **options)))
    found.append((".tif", _saved(Image.fromarray(gray.astype(np.uint16) * 16), "TIFF")))
    found.append((".tif", _saved(Image.fromarray(gray / np.float32(255)), "TIFF")))
    found.append((".png", _saved(Image.fromarray(gray.astype(np.uint16) * 257), "PNG")))
    return found


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def mutated(data: bytes, random: np.random.Generator, other: bytes) -> bytes:
    """The bytes with up to 20 of them changed, cut off, or with a part of another file in them."""
    how = int(random.integers(4))
    values = bytearray(data)
    if how == 0:
        return data[: int(random.integers(len(data)))]
    if how == 1:
        place = int(random.integers(len(data)))
        return (
            data[:place] + other[int(random.integers(len(other))) :] + (data[place:] if random.random() < 0.5 else b"")
        )
    for _ in range(int(random.integers(1, 21))):
        place = int(random.integers(min(len(values), 200) if how == 2 else len(values)))
        values[place] = int(random.integers(256))
    return bytes(values)


def check_image(seed: int) -> str:
    """What becomes of one mutated image: "read", "refused", or the error that should not have come."""
    random = np.random.default_rng(seed)
    suffix, data = originals()[int(random.integers(len(originals())))]
    other = originals()[int(random.integers(len(originals())))][1]
    changed = mutated(data, random, other)
    try:
        found = inspect(changed, f"a{suffix}")
        own = None if found.bounds is None else choose_range(np.array([found.bounds]))
        spec = ImageSpec(height=24, width=24, channels=3, value_range=own)
        assert read_pixels(changed, spec, f"a{suffix}").shape == (24, 24, 3)
    except EyespotError as error:
        return "refused" if f"a{suffix}" in str(error) else f"traceback: does not name the file: {error}"
    except Exception as error:
        return f"traceback: seed {seed}: {type(error).__name__}: {error}"
    return "read"


def check_folder(seed: int, root: Path, count: int = 20) -> str:
    """Open a folder of mutated images; each file must be among the images, the problems or what is left out."""
    random = np.random.default_rng(seed)
    for number in range(count):
        suffix, data = originals()[int(random.integers(len(originals())))]
        keep = random.random() < 0.5
        (root / f"{number}{suffix}").write_bytes(data + bytes([number]) if keep else mutated(data, random, data))
    try:
        source = open_source(root, bad_share=1.0)
    except EyespotError:
        return "refused"
    except Exception as error:
        return f"traceback: seed {seed}: {type(error).__name__}: {error}"
    known = len(source) + len(source.problems) + sum(source.left_out.values())
    return "read" if known == count else f"lost: seed {seed}: {count - known} of {count} files"


def check_table(seed: int, root: Path) -> str:
    """Read a mutated table; where its structure is as before, each of its lines must be a row or a problem."""
    random = np.random.default_rng(seed)
    lines = [f"{number}.png,{random.choice(['cat', 'dog'])},{random.integers(100)}" for number in range(12)]
    data = ("path,label,number\n" + "\n".join(lines) + "\n").encode()
    changed = mutated(data, random, data)
    (root / "t.csv").write_bytes(changed)
    for number in range(12):
        (root / f"{number}.png").touch()
    try:
        found = read_table(root / "t.csv")
    except EyespotError:
        return "refused"
    except Exception as error:
        return f"traceback: seed {seed}: {type(error).__name__}: {error}"
    alike = all(data.count(sign) == changed.count(sign) for sign in (bytes([byte]) for byte in STRUCTURE))
    known = len(found.rows) + len(found.problems) + sum(found.left_out.values())
    return f"lost: seed {seed}: {12 - known} of 12 lines" if alike and known < 12 else "read"


def results(count: int, seed: int) -> Iterator[str]:
    """What becomes of `count` mutated files: of ten, eight images, one table and, now and then, a folder of twenty."""
    for number in range(seed, seed + count):
        if number % 10 < 8:
            yield check_image(number)
            continue
        with tempfile.TemporaryDirectory() as folder:
            yield check_folder(number, Path(folder)) if number % 100 == 9 else check_table(number, Path(folder))


def main() -> None:
    """Run the checks and write down how many files were read, refused, lost, or ended in a traceback."""
    arguments = _common.parse(__doc__, {"count": 10_000, "seed": 0})
    with tempfile.TemporaryDirectory() as cache_folder:
        os.environ["EYESPOT_CACHE"] = cache_folder
        counts: Counter[str] = Counter()
        for found in results(arguments.count, arguments.seed):
            counts[found.partition(":")[0]] += 1
            if found not in ("read", "refused"):
                print(found)
    outcomes = ("read", "refused", "lost", "traceback")
    seeds = f"{arguments.seed} to {arguments.seed + arguments.count - 1}"
    _common.finish(__file__, arguments, {"seeds": seeds}, [{name: counts[name] for name in outcomes}])


if __name__ == "__main__":
    main()
