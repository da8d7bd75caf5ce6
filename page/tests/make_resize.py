"""Write resize.json: what eyespot's preprocessing makes of pictures. Run with: python page/tests/make_resize.py"""

import base64
import json
from pathlib import Path

import numpy as np

from eyespot.images import ImageSpec, read_pixels

SIZES = [(9, 11), (12, 10), (30, 41), (75, 31), (31, 100), (200, 170), (5, 7), (90, 8)]


def picture(height: int, width: int) -> np.ndarray:
    """uint8 (H, W, 3) that the test in TypeScript computes in the same way."""
    y, x, channel = np.ogrid[:height, :width, :3]
    return ((x * x * 7 + y * 31 + x * y * 3 + channel * 77) % 256).astype(np.uint8)


def main() -> None:
    """Write what eyespot reads for each size, fit and number of channels."""
    cases = []
    for height, width in SIZES:
        for fit in ("crop", "stretch", "pad"):
            for channels in (3, 1):
                spec = ImageSpec(height=12, width=10, channels=channels, fit=fit)
                pixels = read_pixels(picture(height, width), spec).transpose(2, 0, 1)
                text = base64.b64encode(pixels.tobytes()).decode()
                cases.append({"height": height, "width": width, "fit": fit, "channels": channels, "pixels": text})
    Path(__file__).with_name("resize.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
