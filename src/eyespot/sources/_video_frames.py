"""Frames of a video, decoded once into the cache folder. Needs PyAV, the extra `video`."""

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SourceError
from ..files import cache_folder
from ..images import encode_image
from ..progress import report

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".hevc", ".h264")
"""Suffixes of videos."""
USUAL_RATE = 25.0
"""Frames per second of a stream that does not state them."""


def is_video(file: Path | str) -> bool:
    """Whether the name of a file is that of a video."""
    return str(file).lower().endswith(SUFFIXES)


def frame_times(file: Path) -> np.ndarray:
    """The time (N,) of each frame in seconds since the first one, read without decoding the frames.

    Raises `SourceError` if the file is no video, or the extra is missing.
    """
    with _opened(file) as (container, stream):
        ticks = _ticks(container, stream)
        if not len(ticks):
            raise SourceError(f"{file}: contains no frame; record it again, or convert it to MP4.")
        if _are_known(ticks):
            return (ticks - ticks[0]) * float(stream.time_base)
        return np.arange(len(ticks)) / float(stream.average_rate or USUAL_RATE)


def extract_frames(file: Path, numbers: Collection[int]) -> dict[int, Path]:
    """The image of each frame, counted from 0, as a file in the cache folder; undecodable frames are left out.

    Images of an unchanged video that exist already are not decoded again.
    """
    folder = cache_folder() / "videos" / _stamp(file)
    paths = {number: folder / f"{number:06}.jpg" for number in numbers}
    missing = {number for number, path in paths.items() if not path.exists()}
    if not missing:
        return paths
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for done, (number, pixels) in enumerate(_decoded(file, missing), start=1):
            _write(encode_image(pixels, "JPEG"), paths[number])
            report(done, len(missing))
    except OSError as error:
        raise SourceError(
            f"{folder}: cannot be written ({error.strerror}); set EYESPOT_CACHE to a folder with free space for the "
            f"{len(missing):,} frames of {file.name}."
        ) from error
    return {number: path for number, path in paths.items() if path.exists()}


def _write(data: bytes, path: Path) -> None:
    """Write under a temporary name, then rename: a process that is killed leaves no half image behind."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(path)


def _decoded(file: Path, wanted: set[int]) -> Iterator[tuple[int, np.ndarray]]:
    """The wanted frames as uint8 (H, W, 3), in the order of the video, each with its number."""
    from av.error import FFmpegError

    with _opened(file) as (container, stream):
        ticks = _ticks(container, stream)
    known, ordinal, left = _are_known(ticks), 0, len(wanted)
    with _opened(file) as (container, stream):
        stream.thread_type = "AUTO"
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except FFmpegError:
                continue  # its frames are missing, which the caller reports
            for frame in frames:
                # By its time, so that a damaged frame does not shift those after it.
                number = int(np.searchsorted(ticks, frame.pts)) if known and frame.pts is not None else ordinal
                ordinal += 1
                if number in wanted:
                    left -= 1
                    yield number, _upright(frame)
            if not left:
                return


def _upright(frame: Any) -> np.ndarray:
    pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, frame.rotation // 90))


def _ticks(container: Any, stream: Any) -> np.ndarray:
    """The times of the frames in units of the stream, sorted; -1 for each if one is unknown or two are equal."""
    packets = [packet.pts for packet in container.demux(stream) if packet.size and not packet.is_discard]
    if None in packets or len(set(packets)) < len(packets):
        return np.full(len(packets), -1)
    return np.sort(np.array(packets, np.int64))


def _are_known(ticks: np.ndarray) -> bool:
    return len(ticks) == 1 or bool((np.diff(ticks) > 0).all())


@contextmanager
def _opened(file: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its first video stream; raises `SourceError` if there is none."""
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise SourceError(
            f"{file}: reading a video needs the package 'av', which is not installed; install it: "
            "pip install 'eyespot[video]'."
        ) from error
    try:
        with av.open(str(file)) as container:
            if not container.streams.video:
                raise SourceError(f"{file}: has no video stream; give a file with images.")
            yield container, container.streams.video[0]
    except FFmpegError as error:
        raise SourceError(
            f"{file}: cannot be decoded as a video ({error.strerror}); convert it to MP4 (H.264)."
        ) from error


def _stamp(file: Path) -> str:
    """A name that changes with the file."""
    facts = file.stat()
    text = f"{file.resolve()}\n{facts.st_size}\n{facts.st_mtime_ns}"
    return hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=8).hexdigest()
