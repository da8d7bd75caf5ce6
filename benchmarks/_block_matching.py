"""BM3D for comparison, in an environment of its own: its license allows no commercial use."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np
from peers.environment import HERE, peer_python


def block_matching(noisy: Sequence[np.ndarray], sigmas: Sequence[float]) -> tuple[list[np.ndarray], float]:
    """BM3D's answers to images (H, W) or (H, W, 3) in [0, 1] with noise of these deviations, and its seconds in all."""
    python = peer_python("bm3d", Path(gettempdir()) / "eyespot-bm3d")
    with TemporaryDirectory() as folder:
        given, made = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(given, sigmas=np.array(sigmas), **{str(place): image for place, image in enumerate(noisy)})
        subprocess.run([str(python), str(HERE / "block_matching.py"), str(given), str(made)], check=True)
        found = np.load(made)
        return [found[str(place)] for place in range(len(noisy))], float(found["seconds"].sum())
