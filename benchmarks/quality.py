"""Photos made blurred, bright or low in contrast are found better than by cleanvision, dark ones about as well,
with flags on about one of a hundred photos as they are.

177 photos (walk, nature and flat of photo_album, coco128, Kodak24), and collections of them all with 5 more photos for
each of four alterations in two strengths, drawn at random 20 times. Both use their defaults: eyespot adapts its limits
to the collection, cleanvision has fixed ones; it calls the flags blurry, dark, light and low information, and runs in
an environment of its own. "False flags" are those on photos as they are, of which some are dark or blurred indeed, and
the same for both; precision is the share of right ones among all flags of a kind in such a collection.
"""

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from _common import data_folder, finish, parse
from peers.environment import peer_python
from PIL import Image, ImageFilter

from eyespot.images import read_pixels, read_size
from eyespot.organizing._photo import _reduced
from eyespot.organizing._quality import QUALITY, flags_of, limits_of, measure_quality

LENGTH = "short"
FLAGS = {"blurred": "blurry", "dark": "dark", "bright": "light", "low contrast": "low_information"}
PHOTOS = (
    ("photo_album/photo_album.zip", ("walk/", "nature/", "flat/")),
    ("coco128/coco128_train.zip", ("images/",)),
    ("denoise/test_color.zip", ("Kodak24/",)),
)
Flags = Mapping[str, list[str]]


def blurred(share: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.filter(ImageFilter.GaussianBlur(share * min(image.size)))


def toward(kept: float, value: float | None) -> Callable[[Image.Image], Image.Image]:
    """Pixels moved toward a value, or toward their mean; of their distance, `kept` is left."""

    def change(image: Image.Image) -> Image.Image:
        pixels = np.asarray(image, np.float32)
        middle = pixels.mean() if value is None else value
        return Image.fromarray((middle + kept * (pixels - middle)).round().clip(0, 255).astype(np.uint8))

    return change


KINDS = {
    ("blurred", "deviation 0.5 % of the side"): blurred(0.005),
    ("blurred", "deviation 1 % of the side"): blurred(0.01),
    ("dark", "0.3 of the light"): toward(0.3, 0),
    ("dark", "0.12 of the light"): toward(0.12, 0),
    ("bright", "0.3 of the distance from white"): toward(0.3, 255),
    ("bright", "0.12 of the distance from white"): toward(0.12, 255),
    ("low contrast", "0.3 of the contrast"): toward(0.3, None),
    ("low contrast", "0.12 of the contrast"): toward(0.12, None),
}


def main() -> None:
    arguments = parse(__doc__, {"folder": "/tmp/eyespot-quality", "draws": 20, "each": 5})
    folder = Path(arguments.folder)
    if not (folder / "photos").exists():
        make_photos(folder / "photos")
    measured = {file.name: measure(file) for file in sorted((folder / "photos").iterdir())}
    peer = by_cleanvision(folder)
    rows = table(measured, peer, arguments.draws, arguments.each)
    finish(__file__, arguments, {"draws": arguments.draws, "altered photos of each kind": arguments.each}, rows)


def make_photos(folder: Path) -> None:
    """Each photo as it is (N_original.png) and altered (N_0.png to N_7.png)."""
    data, number = data_folder(), 0
    folder.mkdir(parents=True)
    for archive, starts in PHOTOS:
        with zipfile.ZipFile(data / archive) as packed:
            for name in sorted(packed.namelist()):
                if name.startswith(starts) and not name.endswith(("/", ".txt", ".md", ".csv")):
                    image = Image.open(io.BytesIO(packed.read(name))).convert("RGB")
                    image.save(folder / f"{number:03}_original.png")
                    for kind, change in enumerate(KINDS.values()):
                        change(image).save(folder / f"{number:03}_{kind}.png")
                    number += 1


def measure(file: Path) -> dict[str, float]:
    """The numbers that `organize` keeps for the flags."""
    data = file.read_bytes()
    height, width, _ = read_size(data, file.name)
    return measure_quality(read_pixels(data, _reduced(height, width), file.name))


def by_cleanvision(folder: Path) -> Flags:
    python, script = peer_python("quality", folder / "environment"), Path(__file__).parent / "peers" / "quality.py"
    command = [str(python), str(script), str(folder / "photos"), str(folder / "cleanvision.json")]
    subprocess.run(command, check=True, env=os.environ | {"TQDM_DISABLE": "1"})
    return json.loads((folder / "cleanvision.json").read_text())


def table(measured: Mapping[str, Mapping[str, float]], peer: Flags, draws: int, each: int) -> list[dict]:
    """Per flag and strength the shares that are found, means over draws; and the false flags among originals."""
    originals = [name for name in measured if "original" in name]
    found: dict[tuple[str, str], list[float]] = {}
    for draw in range(draws):
        random, altered = np.random.default_rng(draw), {}
        for kind, key in enumerate(KINDS):
            chosen = random.choice(len(originals), each, replace=False)
            altered[key] = [f"{number:03}_{kind}.png" for number in chosen]
        names = [*originals, *(name for chosen in altered.values() for name in chosen)]
        limits = limits_of({number: np.array([measured[name][number] for name in names]) for number in QUALITY})
        own = {name: flags_of(measured[name], "", limits) for name in names}
        for method, flags, called in (("eyespot", own, list(FLAGS)), ("cleanvision", peer, list(FLAGS.values()))):
            spelled = dict(zip(FLAGS, called, strict=True))
            for key, value in shares(flags, originals, altered, spelled).items():
                found.setdefault((*key, method), []).append(value)
    rows = {key[:2] for key in found}
    order = [(flag, what) for flag in FLAGS for what in [*(how for f, how in KINDS if f == flag), FALSE, PRECISION]]
    return [
        {"flag": flag, "photos": what}
        | {f"{method} %": 100 * float(np.mean(found[flag, what, method])) for method in ("eyespot", "cleanvision")}
        for flag, what in order
        if (flag, what) in rows
    ]


FALSE, PRECISION = "as they are (false flags)", "precision of the flag"


def shares(
    flags: Flags, originals: list[str], altered: Mapping[tuple[str, str], list[str]], called: Mapping[str, str]
) -> dict[tuple[str, str], float]:
    """Of one collection: the share of altered photos that have their flag, of originals that have it, and precision.

    A photo that is altered in another way counts for neither: a dark one has little contrast, too.
    """
    result, right = {}, dict.fromkeys(called, 0)
    for (flag, strength), names in altered.items():
        hits = sum(called[flag] in flags[name] for name in names)
        result[flag, strength] = hits / len(names)
        right[flag] += hits
    for flag, name in called.items():
        wrong = sum(name in flags[original] for original in originals)
        result[flag, FALSE] = wrong / len(originals)
        if wrong + right[flag]:
            result[flag, PRECISION] = right[flag] / (wrong + right[flag])
    return result


if __name__ == "__main__":
    main()
