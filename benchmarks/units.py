"""The gallery of units: the nine strongest images of every unit of every layer, with patch and projection.

Claim: 5,000 images of 64x64 pixels through `tinyvgg`, from decoded images, in under 15 seconds on two cores.
"""

import numpy as np
import torch
from _common import finish, in_turns, parse, seconds_of, spread

from eyespot.explanations.units import strongest_images
from eyespot.images import ImageSpec
from eyespot.model import wrap
from eyespot.networks import build
from eyespot.networks.network import Output
from eyespot.sources.cache import EqualImages
from eyespot.tasks._classify import Classify

LENGTH = "short"
BAR = 15.0


def main() -> None:
    arguments = parse(__doc__, {"repeats": 3, "threads": 2, "images": 5000})
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    network = build("tinyvgg", (3, 64, 64), Output("vector", 10))
    spec = ImageSpec(height=64, width=64, channels=3, mean=(0.5,) * 3, std=(0.25,) * 3)
    model = wrap(network, Classify(classes=tuple("abcdefghij")), spec)
    pixels = np.random.default_rng(0).integers(0, 256, (arguments.images, 64, 64, 3), dtype=np.uint8)
    images = EqualImages(pixels)
    seconds = in_turns({"eyespot": lambda: seconds_of(lambda: strongest_images(model, images))}, arguments.repeats)
    found = strongest_images(model, EqualImages(pixels[:64]))
    units = sum(len(layer.units) for layer in found)
    row = {"images": arguments.images, "units": units, **spread(seconds["eyespot"]), "bar": BAR}
    finish(__file__, arguments, {"threads": arguments.threads}, [row])


if __name__ == "__main__":
    main()
