"""Run inside the environment of the peers: imagededup's hashes and CNN on the images of a folder, timed.

`python organize.py FOLDER OUT.npz METHOD WEIGHTS THREADS`: METHOD is phash, dhash, ahash, whash or cnn. OUT holds
`files`, the similarity of each pair (N, N), and the seconds for encoding and finding copies, by the clock and of the
processor. For cnn, WEIGHTS is "efficientnet-lite0": its CNN method with a custom model, as its documentation describes;
or "mobilenet-v3-small": its own network with random weights, as the learned ones have to be fetched from the internet.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch


def main() -> None:
    folder, out, method, weights = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    torch.set_num_threads(int(sys.argv[5]))
    # The wheel of torchvision is built for CUDA: beside torch for CPU its compiled part, unused here, cannot be loaded,
    # and the import asks for these operators.
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    encoder = cnn(weights) if method == "cnn" else hasher(method)
    start, used = time.perf_counter(), time.process_time()
    if method == "cnn":
        encodings = encoder.encode_images(image_dir=folder, num_enc_workers=0)
    else:
        encodings = encoder.encode_images(image_dir=folder, num_enc_workers=1)
    found = {"num_sim_workers": 0} if method == "cnn" else {"num_dist_workers": 0}
    encoder.find_duplicates(encoding_map=encodings, **found)
    times = {"seconds": time.perf_counter() - start, "processor_seconds": time.process_time() - used}
    files = sorted(encodings)
    np.savez(out, files=files, similarity=similarity(encodings, files, method), **times)


def hasher(method: str):
    from imagededup.methods import AHash, DHash, PHash, WHash

    return {"phash": PHash, "dhash": DHash, "ahash": AHash, "whash": WHash}[method](verbose=False)


def cnn(weights: str):
    from imagededup.methods import CNN
    from imagededup.utils import CustomModel

    if weights == "mobilenet-v3-small":
        return CNN(verbose=False, model_config=untrained_mobilenet())

    from eyespot.organizing._embedding import Embedder

    embedder = Embedder()

    class Features(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen = []
            watch = embedder.dense.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
            embedder.network(x)
            watch.remove()
            return seen[0]

    def transform(image):
        side = embedder.images.height
        pixels = (
            torch.from_numpy(np.array(image.convert("RGB").resize((side, side)), np.float32)).permute(2, 0, 1) / 255
        )
        return (pixels - embedder.images.mean[0]) / embedder.images.std[0]

    return CNN(verbose=False, model_config=CustomModel(model=Features(), transform=transform, name=weights))


def untrained_mobilenet():
    """The network that is imagededup's default, without weights."""
    import torchvision
    from imagededup.utils import CustomModel
    from imagededup.utils.models import MobilenetV3

    network = torchvision.models.mobilenet_v3_small(weights=None).eval()
    features = torch.nn.Sequential(network.features, network.avgpool, torch.nn.Flatten())
    return CustomModel(model=features, transform=MobilenetV3.transform, name=MobilenetV3.name)


def similarity(encodings: dict, files: list[str], method: str) -> np.ndarray:
    if method == "cnn":
        vectors = np.stack([np.ravel(encodings[file]) for file in files])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors @ vectors.T).astype(np.float32)
    bits = np.array([[int(bit) for bit in f"{int(encodings[file], 16):064b}"] for file in files], np.float32)
    return 1 - np.abs(bits[:, None] - bits[None]).mean(axis=2)


if __name__ == "__main__":
    main()
