"""Run inside the environment of the peers: BM3D (Dabov et al. 2007), its standard profile, on noisy images, timed.

`python block_matching.py IN.npz OUT.npz`: IN holds images (H, W) or (H, W, 3) in [0, 1] as "0", "1", ... and `sigmas`,
the deviation of the noise of each; OUT holds the answers under the same names, and the seconds of each as `seconds`.
"""

import sys
import time

import numpy as np
from bm3d import bm3d, bm3d_rgb


def main() -> None:
    given = np.load(sys.argv[1])
    answers, seconds = {}, []
    for place, sigma in enumerate(given["sigmas"]):
        noisy = given[str(place)].astype(float)
        start = time.perf_counter()
        answers[str(place)] = (bm3d if noisy.ndim == 2 else bm3d_rgb)(noisy, float(sigma))
        seconds.append(time.perf_counter() - start)
    np.savez(sys.argv[2], seconds=seconds, **answers)


if __name__ == "__main__":
    main()
