"""Large images: regions of TIFF files equal those of the whole image, and tiles are joined without doubles."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from eyespot._tiff_regions import TiffRegions
from eyespot.errors import ImageError, TaskError
from eyespot.images import ImageSpec
from eyespot.large_images import predict_large, tile_corners
from eyespot.model import Model
from eyespot.tasks import TASKS
from eyespot.tasks.locate import Locate
from eyespot.tasks.locate._tiles import joined

RANDOM = np.random.default_rng(0)


def colors(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=2).astype(np.uint8)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("gray", [False, True])
def test_regions_of_strips_equal_the_image(tmp_path: Path, compression: str, gray: bool):
    pixels = colors(90, 70)[..., :1] if gray else colors(90, 70)
    file = tmp_path / "slide.tif"
    Image.fromarray(pixels[..., 0] if gray else pixels).save(file, compression=compression, tiffinfo={278: 16})
    regions = TiffRegions(file)
    assert regions.size == (90, 70)
    assert regions.segment[0] < 90
    for top, left, height, width in [(0, 0, 90, 70), (15, 3, 2, 60), (80, 69, 10, 1), (16, 0, 16, 70)]:
        assert np.array_equal(regions.read(top, left, height, width), pixels[top : top + height, left : left + width])


def tiled_tiff(pixels: np.ndarray, side: int, big: bool, order: str) -> bytes:
    """An uncompressed TIFF file in tiles, classic or BigTIFF."""
    height, width, channels = pixels.shape
    padded = np.pad(pixels, ((0, -height % side), (0, -width % side), (0, 0)))
    tiles = [
        padded[y : y + side, x : x + side].tobytes()
        for y in range(0, padded.shape[0], side)
        for x in range(0, padded.shape[1], side)
    ]
    place, counted = ("Q", "Q") if big else ("I", "H")
    values = {256: (3, [width]), 257: (3, [height]), 258: (3, [8] * channels), 259: (3, [1]), 262: (3, [2])}
    values |= {277: (3, [channels]), 284: (3, [1]), 322: (3, [side]), 323: (3, [side])}
    values |= {324: (16 if big else 4, [0] * len(tiles)), 325: (4, [len(tile) for tile in tiles])}
    header = 16 if big else 8
    inline = struct.calcsize(place)
    end = header + struct.calcsize(f"={counted}") + len(values) * (4 + 2 * inline) + inline
    kinds = {3: "H", 4: "I", 16: "Q"}
    extra_bytes = sum(
        size for kind, data in values.values() if (size := len(data) * struct.calcsize(kinds[kind])) > inline
    )
    starts = np.cumsum([end + extra_bytes] + [len(tile) for tile in tiles])[:-1]
    values[324] = values[324][0], starts.tolist()
    table, extra = b"", b""
    for tag, (kind, data) in sorted(values.items()):
        raw = struct.pack(f"{order}{len(data)}{kinds[kind]}", *data)
        table += struct.pack(f"{order}HH{place}", tag, kind, len(data))
        table += raw.ljust(inline, b"\0") if len(raw) <= inline else struct.pack(f"{order}{place}", end + len(extra))
        extra += raw if len(raw) > inline else b""
    mark = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    mark += struct.pack(f"{order}HHQ", 8, 0, header) if big else struct.pack(f"{order}I", header)
    return (
        mark
        + struct.pack(f"{order}{counted}", len(values))
        + table
        + struct.pack(f"{order}{place}", 0)
        + extra
        + b"".join(tiles)
    )


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_regions_of_tiles_equal_the_image(tmp_path: Path, big: bool, order: str):
    pixels = colors(100, 130)
    file = tmp_path / "slide.tif"
    file.write_bytes(tiled_tiff(pixels, 48, big, order))
    regions = TiffRegions(file)
    assert regions.segment == (48, 48)
    for top, left, height, width in [(0, 0, 100, 130), (40, 90, 20, 40), (99, 129, 1, 1)]:
        assert np.array_equal(regions.read(top, left, height, width), pixels[top : top + height, left : left + width])


def test_files_that_cannot_be_read_in_regions_are_errors(tmp_path: Path):
    file = tmp_path / "slide.tif"
    for content in (
        b"",
        b"II",
        b"II*\0\xff\xff\xff\xff",
        b"no image at all, but some text",
        tiled_tiff(colors(9, 9), 16, False, "<")[:60],
    ):
        file.write_bytes(content)
        with pytest.raises(ImageError, match=r"slide\.tif"):
            TiffRegions(file)
    Image.fromarray(np.zeros((20, 20), np.uint16)).save(file)
    with pytest.raises(ImageError, match="gray or RGB files of 8 bits"):
        TiffRegions(file)
    with pytest.raises(ImageError, match="cannot be read"):
        TiffRegions(tmp_path / "none.tif")
    whole = tiled_tiff(colors(40, 40), 16, False, "<")
    file.write_bytes(whole[: len(whole) // 2].replace(b"\x01\x00\x03\x00", b"\x01\x00\x03\x00"))
    with pytest.raises(ImageError, match=r"slide\.tif"):
        TiffRegions(file).read(0, 0, 40, 40)


@pytest.mark.parametrize(
    ("size", "tile"), [((80, 200), (80, 80)), ((7, 7), (80, 64)), ((1000, 333), (64, 50)), ((81, 80), (80, 80))]
)
def test_cores_cover_the_image_once_and_lie_in_their_tiles(size: tuple[int, int], tile: tuple[int, int]):
    covered = np.zeros(size, int)
    for top, left, (x1, y1, x2, y2) in tile_corners(size, tile):
        covered[y1:y2, x1:x2] += 1
        assert top <= y1 and y2 <= max(size[0], top + tile[0]) and left <= x1 and x2 <= max(size[1], left + tile[1])
        assert 0 <= top <= max(0, size[0] - tile[0]) and 0 <= left <= max(0, size[1] - tile[1])
    assert (covered == 1).all()


class Bright(torch.nn.Module):
    """Sure of a point at every bright location."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        score = torch.nn.functional.max_pool2d(x[:, :1], 4) * 40 - 20
        return torch.cat([score + 4.6, torch.zeros_like(score).expand(-1, 2, -1, -1)], dim=1)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_tiles_find_every_point_of_a_large_image_once(tmp_path: Path, suffix: str):
    pixels = np.zeros((200, 150), np.uint8)
    truth = [(6, 6), (46, 30), (98, 98), (149, 199), (70, 150), (101, 60)]
    for x, y in truth:
        pixels[y, x] = 255
    file = tmp_path / f"slide{suffix}"
    Image.fromarray(pixels).save(file)
    model = Model(
        network=Bright(),
        task=Locate(radius=4, threshold=0.5),
        images=ImageSpec(height=64, width=64, channels=1, fit="pad"),
    )
    seen: list[tuple[int, int]] = []
    answer = predict_large(model, file, lambda done, count: seen.append((done, count)))
    assert answer["count"] == len(truth) and answer["answer"] == "6 points"
    assert answer["per_million_pixels"] == pytest.approx(6e6 / 30_000)
    for x, y in truth:
        assert min(np.hypot(p["point"][0] - x, p["point"][1] - y) for p in answer["points"]) < 3.5
    assert seen[-1][0] == seen[-1][1] == len(list(tile_corners((200, 150), (64, 64)))) > 6
    small = Image.fromarray(pixels[:40, :60])
    small.save(tmp_path / f"small{suffix}")
    assert predict_large(model, tmp_path / f"small{suffix}")["count"] == 2


def test_doubles_of_two_tiles_are_dropped_but_not_those_of_one():
    def point(x: float, score: float) -> dict:
        return {"point": [x, 0.0], "score": score}

    tiles = [[point(0, 0.9), point(1, 0.8)], [point(10, 0.3), point(20.5, 0.7)], [point(20, 0.95)]]
    assert [entry["point"][0] for entry in joined(tiles, 3)] == [20, 0, 1, 10]
    assert joined([[], []], 3) == []


def test_other_tasks_answer_whole_images_only():
    with pytest.raises(TaskError, match="answers whole images only; leave tiles out"):
        TASKS["regress"]().join_tiles([], (1, 1))
