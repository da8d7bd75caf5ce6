"""Searching 100,000 photos by an example takes less than 100 ms once the index is in memory.

Random embeddings of the length of EfficientNet-Lite0's; the seconds are those of `search`, without the network that
embeds the example. One thread. Part "memory" is the first search, which also brings the vectors to length 1.
"""

import time
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from _common import finish, parse, seconds_of, spread
from _training import load_at_start

from eyespot.organizing import Query
from eyespot.organizing._embedding import CROP, Embedder
from eyespot.organizing._index import COLORS, Photos
from eyespot.organizing._search import search

LENGTH = "short"
FEATURES = 1280


def main() -> None:
    arguments = parse(__doc__, {"photos": 100_000, "repeats": 15})
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    embeddings = np.empty((arguments.photos, FEATURES), np.float16)
    for start in range(0, arguments.photos, 10_000):
        embeddings[start : start + 10_000] = random.normal(size=embeddings[start : start + 10_000].shape)
    photos = Photos(
        rows=[{"path": str(number)} for number in range(arguments.photos)],
        thumbnails=np.empty((0, 64, 64), np.uint8),
        colors=np.empty((0, COLORS, COLORS, 3), np.uint8),
        embeddings=embeddings,
    )
    example = embeddings[7].astype(np.float32)
    embedder = cast(Embedder, SimpleNamespace(name="random", images=CROP, embed=lambda crops: example[None]))
    query = Query(like=np.zeros((CROP.height, CROP.width, 3), np.uint8))

    def once() -> None:
        assert search(photos, query, embedder)[0].photo == 7

    first = seconds_of(once)
    seconds = [seconds_of(once) for _ in range(arguments.repeats)]
    processor = [processor_seconds(once) for _ in range(arguments.repeats)]
    rows: list[dict[str, Any]] = [
        {"photos": arguments.photos, "what": "first search, s", **spread([first])},
        {"photos": arguments.photos, "what": "further searches, s", **spread(seconds)},
        {"photos": arguments.photos, "what": "further searches, processor s", **spread(processor)},
    ]
    finish(__file__, arguments, {"load at start": load_at_start()}, rows)


def processor_seconds(work: Any) -> float:
    """Processor time, which depends little on what else the machine does."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
