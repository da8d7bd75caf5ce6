"""What the benchmarks share: spreads, turns, and tables that replace their older selves."""

import argparse
import ast
import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import _common

    monkeypatch.setattr(_common, "ROOT", tmp_path)
    monkeypatch.setattr(_common, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(_common, "commit", lambda: "abc1234")
    monkeypatch.setattr(sys, "argv", ["speed.py", "--seeds", "3"])
    return _common


def test_a_spread_is_median_least_and_greatest(common):
    assert common.spread([3.0, 1.0, 2.0]) == {"median": 2.0, "low": 1.0, "high": 3.0, "runs": 3}


def test_over_seeds_is_mean_and_sample_deviation(common):
    assert common.over_seeds([1.0, 3.0]) == {"mean": 2.0, "std": 2**0.5, "seeds": 2, "values": [1.0, 3.0]}
    assert common.over_seeds([1.0])["std"] is None


def test_contestants_take_turns_and_the_order_is_turned_round(common):
    called: list[str] = []
    contestants = {name: lambda name=name: called.append(name) or 0.0 for name in "ab"}
    assert common.in_turns(contestants, repeats=3) == {"a": [0.0] * 3, "b": [0.0] * 3}
    assert "".join(called) == "abbaab"


def test_rows_of_finished_parts_are_not_computed_again(common, tmp_path: Path, capsys):
    file = tmp_path / "kept" / "speed.jsonl"
    for key, name in (({"part": "a"}, "first"), ({"part": "b"}, "paired"), ({"part": "a"}, "third")):
        rows = common.kept(file, key, lambda name=name: [{"name": name}])
    assert rows == [{"name": "first"}]
    assert [json.loads(line)["key"] for line in file.read_text().splitlines()] == [{"part": "a"}, {"part": "b"}]
    assert capsys.readouterr().err == '{"name": "first"}\n{"name": "paired"}\n'
    assert common.kept(None, {"part": "a"}, lambda: [{"name": "fourth"}]) == [{"name": "fourth"}]


def test_a_run_of_another_part_keeps_the_table_of_the_first(common, monkeypatch):
    for part in ("time", "size", "time"):
        monkeypatch.setattr("sys.argv", ["parts.py", "--parts", part])
        common.finish("parts.py", argparse.Namespace(json=False), {}, [{"part": part, "value": 1.0}])
    [path] = common.RESULTS.iterdir()
    assert [path.read_text().count(f"{part}:") for part in ("time", "size")] == [1, 1]


def test_a_table_is_written_and_a_second_run_replaces_only_its_own_section(common, capsys):
    arguments = argparse.Namespace(json=False)
    common.finish("speed.py", arguments, {"epochs": 2}, [{"name": "old", "seconds": 1.0}])
    common.finish("accuracy.py", arguments, {}, [{"name": "kept", "score": 0.5}])
    common.finish("speed.py", arguments, {"epochs": 2}, [{"name": "new", "seconds": 2.0}])
    [path] = (common.RESULTS).iterdir()
    text = path.read_text()
    assert "| old |" not in text
    assert "| new | 2 |" in text
    assert "| kept | 0.5 |" in text
    assert text.count("## ") == 2
    assert "`python benchmarks/speed.py --seeds 3` at abc1234: epochs 2" in text
    assert "written to results/" in capsys.readouterr().out


def test_each_part_has_a_table_of_its_own(common):
    rows = [{"part": "time", "seconds": 1.0}, {"part": "size", "bytes": 7}, {"part": "time", "seconds": 2.0}]
    common.finish("parts.py", argparse.Namespace(json=False), {}, rows)
    [path] = common.RESULTS.iterdir()
    tables = ("time:\n\n| seconds |\n| ---: |\n| 1 |\n| 2 |\n", "size:\n\n| bytes |\n| ---: |\n| 7 |\n")
    assert "\n".join(tables) in path.read_text()


def test_as_json_it_prints_one_document_and_writes_nothing(common, capsys):
    common.finish("speed.py", argparse.Namespace(json=True), {"epochs": 2}, [{"seconds": 2.0}])
    found = json.loads(capsys.readouterr().out)
    assert found["benchmark"] == "speed"
    assert found["commit"] == "abc1234"
    assert found["settings"] == {"epochs": 2}
    assert found["figures"] == [{"seconds": 2.0}]
    assert {"machine", "date", "versions", "python"} <= set(found)
    assert not common.RESULTS.exists()


def test_every_script_states_its_claim_and_its_length(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import run

    for name, length in run.scripts().items():
        assert length in run.LENGTHS, f"benchmarks/{name}.py: LENGTH is {length!r}"
        assert (ROOT / "benchmarks" / f"{name}.py").read_text().startswith('"""')


@pytest.fixture
def training(common):
    import _training

    return _training


def test_in_a_clean_place_the_cache_is_empty_and_afterwards_the_old_one_is_back(training, monkeypatch):
    monkeypatch.setenv("EYESPOT_CACHE", "mine")
    with training.clean_place() as place:
        assert Path(os.environ["EYESPOT_CACHE"]).parent == place
        assert list(place.iterdir()) == []
    assert os.environ["EYESPOT_CACHE"] == "mine"
    assert not place.exists()


def test_a_failure_in_a_clean_place_leaves_nothing_behind(training, monkeypatch):
    monkeypatch.delenv("EYESPOT_CACHE", raising=False)
    with pytest.raises(RuntimeError), training.clean_place() as place:
        raise RuntimeError
    assert "EYESPOT_CACHE" not in os.environ
    assert not place.exists()


def test_a_zip_file_is_unpacked(training, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("ants/1.webp", b"1")
    assert (training.unpack(tmp_path / "a.zip", tmp_path / "b") / "ants" / "1.webp").read_bytes() == b"1"


def finished_run(score: float) -> SimpleNamespace:
    result = {"metric": "accuracy", "score": score, "interval": [0.5, 1.0], "count": 10, "seconds": 2.0}
    return SimpleNamespace(result=result, log=[{"validation": {"accuracy": 0.75}}])


def test_each_seed_is_trained_once(training, capsys):
    runs = training.train_seeds(2, lambda seed: finished_run(seed / 2))
    assert [run.result["score"] for run, _ in runs] == [0.0, 0.5]
    assert all(seconds >= 0 for _, seconds in runs)
    assert "seed 1: accuracy 0.5" in capsys.readouterr().err


def test_the_rows_of_the_seeds_are_followed_by_mean_and_deviation(training):
    rows = training.classify_rows([(finished_run(0.5), 3.0), (finished_run(1.0), 5.0)])
    assert [row["seed"] for row in rows] == [0, 1, "mean", "std"]
    assert [row["accuracy %"] for row in rows] == [50.0, 100.0, 75.0, pytest.approx(50 / 2**0.5)]
    assert rows[0]["95 % interval"] == "50.00 to 100.00"
    assert rows[2]["processor s"] == 4.0


def test_for_denoising_only_train400_and_set12_are_laid_out(common, tmp_path):
    import denoise

    for name, files in {
        "train400_gray180": ["Train400/1.webp"],
        "test_gray": ["Set12/2.webp", "BSD68/3.webp"],
    }.items():
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as packed:
            for file in files:
                packed.writestr(file, b"")
    (tmp_path / "place").mkdir()
    folder = denoise.lay_out(tmp_path, tmp_path / "place" / "pictures")
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*.webp")) == ["test/2.webp", "train/1.webp"]


def test_the_sets_of_noisy_targets_are_told_apart_by_their_names(common, tmp_path):
    import noise2noise

    for name, files in {
        "train400_gray180": ["Train400/1.webp"],
        "test_gray": ["Set12/2.webp", "BSD68/3.webp"],
        "test_color": ["Kodak24/4.webp"],
    }.items():
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as packed:
            for file in files:
                packed.writestr(file, b"")
    folder = noise2noise.lay_out(tmp_path, tmp_path / "images", ["Set12", "Kodak24"])
    names = ["test/Kodak24-4.webp", "test/Set12-2.webp", "train/1.webp"]
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*.webp")) == names
    table = [
        {"image": f"test/{name}.webp", "psnr": ratio, "psnr_noisy": 20.0}
        for name, ratio in (("Set12-1", "28"), ("Set12-2", "30"), ("Kodak24-1", "31"))
    ]
    assert noise2noise.means(table) == {"Set12 dB": 29.0, "Kodak24 dB": 31.0, "noisy dB": 20.0}


def test_the_parts_of_real_pairs_share_no_scene(common, tmp_path):
    import real_noise

    for folder in ("noisy", "clean"):
        (tmp_path / folder).mkdir()
        for scene in range(8):
            for shot in (1, 12):
                (tmp_path / folder / f"camera_{scene}_chair_{shot}.jpg").touch()
    lines = real_noise.table_of(tmp_path).read_text().split()[1:]
    parts = {}
    for noisy, clean, part in (line.split(",") for line in lines):
        assert noisy.replace("noisy", "clean") == clean
        parts.setdefault(part, set()).add(noisy.rpartition("_")[0])
    assert {part: len(scenes) for part, scenes in parts.items()} == {"test": 2, "train": 4, "validation": 2}


def test_figures_of_others_are_named_as_published(common):
    import denoise

    assert all("as published" in row["contestant"] for row in denoise.published_rows())


@pytest.mark.parametrize("name", ["accuracy", "denoise"])
def test_a_script_says_what_it_claims_and_takes_seeds(name):
    script = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--help"]
    found = subprocess.run(script, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "--seeds" in found.stdout
    assert "--json" in found.stdout


@pytest.mark.parametrize("script", sorted((ROOT / "benchmarks").glob("[a-z]*.py")), ids=lambda script: script.stem)
def test_every_benchmark_finds_what_it_imports(script: Path):
    """Names that the project no longer has would only be noticed when somebody measures."""
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "eyespot":
            module = importlib.import_module(node.module)
            missing = [name.name for name in node.names if not has(module, name.name)]
            assert not missing, f"{node.module} has no {missing}"


def has(module: ModuleType, name: str) -> bool:
    return hasattr(module, name) or importlib.util.find_spec(f"{module.__name__}.{name}") is not None
