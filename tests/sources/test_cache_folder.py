"""The cache folder, and files that are whole or not there."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.files import cache_folder
from eyespot.sources.cache_folder import load_numbers, replacing, save_numbers


def test_the_cache_lies_where_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


def test_or_where_the_platform_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EYESPOT_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "eyespot"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "eyespot"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_part_of_the_program_uses_the_same_cache_folder(monkeypatch, tmp_path: Path, platform: str) -> None:
    from eyespot import device

    monkeypatch.delenv("EYESPOT_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr("sys.platform", platform)
    expected = {"linux": ".cache", "darwin": "Library/Caches", "win32": "AppData/Local"}[platform]
    assert cache_folder() == device.cache_folder() == tmp_path / expected / "eyespot"


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"old")

    def write() -> None:
        with replacing(file) as partial:
            partial.write_bytes(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write()
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]


def test_what_a_killed_process_left_half_written_is_removed_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    mine, dead, elsewhere = (
        tmp_path / f"b.{owner}.x_1.partial"
        for owner in (f"{platform.node()}-{os.getpid()}", f"{platform.node()}-{process.pid}", f"far-{process.pid}")
    )
    for file in (mine, dead, elsewhere):
        file.touch()
    with replacing(tmp_path / "a.bin") as partial:
        partial.write_bytes(b"new")
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a.bin", mine, elsewhere])


def test_a_folder_that_cannot_be_written_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SourceError, match="set EYESPOT_CACHE"), replacing(tmp_path / "file" / "a.bin"):
        pass


def test_numbers_are_read_as_written_and_damage_counts_as_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    save_numbers(file, {"a": np.arange(3)})
    assert load_numbers(file)["a"].tolist() == [0, 1, 2]
    file.write_bytes(file.read_bytes()[:50])
    assert load_numbers(file) == {} and load_numbers(tmp_path / "nowhere") == {}


def test_where_there_is_no_room_to_remember_there_is_a_warning_and_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.warns(UserWarning, match="set EYESPOT_CACHE"):
        save_numbers(tmp_path / "file" / "a.npz", {"a": np.arange(3)})
