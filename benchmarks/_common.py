"""What all benchmarks share: where and when they ran, medians with their spread, and how results are written down.

A script says in its docstring what it claims, in `LENGTH` whether it is "short" or "long", and hands `finish` its rows:

    LENGTH = "short"
    arguments = parse(__doc__)
    rows = [{"contestant": name, **spread(seconds)} for name, seconds in in_turns(contestants, repeats=5).items()]
    finish(__file__, arguments, {"epochs": 12}, rows)
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
PACKAGES = ("eyespot", "torch", "numpy", "scipy", "scikit-learn", "pillow", "captum", "onnxruntime")


def parse(summary: str | None, options: Mapping[str, Any] | None = None) -> argparse.Namespace:
    """Read the command line: `--json`, and an option for each name in `options`, whose value is the default."""
    parser = argparse.ArgumentParser(description=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of writing the table")
    for name, default in (options or {}).items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help=f"default: {default}")
    return parser.parse_args()


def data_folder() -> Path:
    """The folder of real images (`EYESPOT_DATA`, else beside the checkout); ends the script where it is missing."""
    folder = Path(os.environ.get("EYESPOT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        sys.exit(f"{folder}: needs the real images; set EYESPOT_DATA to their folder.")
    return folder


def surroundings() -> dict[str, Any]:
    """Where and when: date, machine, commit (with a + where files differ from it), versions."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "commit": commit(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def machine() -> str:
    """Processor, cores that may be used, and whether it computes in bfloat16 itself."""
    try:
        text = Path("/proc/cpuinfo").read_text()
        model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
        name = model[1].strip() if model else platform.machine()
        wide = "AVX512-BF16" if "avx512_bf16" in text else "no AVX512-BF16"
    except OSError:
        name, wide = platform.processor() or platform.machine(), "AVX512-BF16 unknown"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {wide}"


def commit() -> str:
    """The short name of the commit that runs."""
    try:
        name = _git("rev-parse", "--short", "HEAD")
        return name + (
            "+" if _git("status", "--porcelain", "--untracked-files=no", "--", "src", "benchmarks/*.py") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds that one call takes, by the wall's clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(contestants: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Let every contestant give its figure `repeats` times, in turns, the order turned round each time.

    So a machine that grows slower or faster on the way is as unfair to one as to the other.
    """
    figures: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(repeats):
        names = list(contestants) if turn % 2 == 0 else list(contestants)[::-1]
        for name in names:
            figures[name].append(contestants[name]())
    return figures


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, least and greatest of repeated figures, and how many there were."""
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "runs": len(values)}


def kept(
    file: Path | None, key: Mapping[str, Any], compute: Callable[[], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The rows of one part of a long benchmark: as `file` holds them under `key`, else computed, and added to it.

    So a benchmark that was interrupted goes on, and one part can be measured alone. Rows are shown as they come.
    """
    wanted = json.loads(json.dumps(dict(key)))
    lines = map(json.loads, file.read_text().splitlines()) if file and file.exists() else []
    known = next((line["rows"] for line in lines if line["key"] == wanted), None)
    if known is not None:
        return known
    rows = compute()
    for row in rows:
        print(json.dumps(row), file=sys.stderr, flush=True)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as out:
            out.write(json.dumps({"key": wanted, "commit": commit(), "rows": rows}) + "\n")
    return rows


def over_seeds(values: Sequence[float]) -> dict[str, Any]:
    """Mean and standard deviation over seeds, and each value."""
    std = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "std": std, "seeds": len(values), "values": list(values)}


def finish(
    script: str, arguments: argparse.Namespace, settings: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Print one JSON document; or print the table and put it into `results/DATE-MACHINE.md`.

    It replaces the older table of the same command: other parts of a benchmark stay.
    """
    name, where = Path(script).stem, surroundings()
    if arguments.json:
        print(
            json.dumps({"benchmark": name, **where, "settings": dict(settings), "figures": [dict(row) for row in rows]})
        )
        return
    section = _section(name, where, settings, rows)
    path = results_file(where)
    path.parent.mkdir(exist_ok=True)
    path.write_text(_with_section(path, where, section))
    print(f"{section}\nwritten to {path.relative_to(ROOT)}")


def results_file(where: Mapping[str, Any]) -> Path:
    """The file of one day on one machine."""
    slug = re.sub(r"[^a-z0-9]+", "-", re.sub(r"\(r\)|\(tm\)|cpu|@.*?(?=,)|processor", "", where["machine"].lower()))
    return RESULTS / f"{where['date']}-{slug.strip('-')}.md"


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a Markdown table; the columns are the keys of all rows in the order of their first mention.

    >>> print(markdown_table([{"name": "ours", "seconds": 1.23456}, {"name": "theirs", "seconds": 12.0}]))
    | name | seconds |
    | --- | ---: |
    | ours | 1.235 |
    | theirs | 12 |
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    numeric = {name: any(isinstance(row.get(name), int | float) for row in rows) for name in columns}
    lines = [columns, ["---:" if numeric[name] else "---" for name in columns]]
    lines += [[_describe(row.get(name)) for name in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _describe(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_describe, value))
    return str(value).replace("|", "\\|")


def _section(
    name: str, where: Mapping[str, Any], settings: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> str:
    told = ", ".join(f"{key} {_describe(value)}" for key, value in settings.items())
    command = " ".join(["python", f"benchmarks/{name}.py", *sys.argv[1:]])
    return f"## {name}\n\n`{command}` at {where['commit']}{': ' + told if told else ''}\n\n{_tables(rows)}\n"


def _tables(rows: Sequence[Mapping[str, Any]]) -> str:
    """One table; or, where rows name the part that they belong to, one for each part."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        parts.setdefault(row.get("part", ""), []).append({name: row[name] for name in row if name != "part"})
    return "\n\n".join(
        f"{part}:\n\n{markdown_table(some)}" if part else markdown_table(some) for part, some in parts.items()
    )


def _with_section(path: Path, where: Mapping[str, Any], section: str) -> str:
    """The whole file, with a section put in place of the older one of the same command."""
    versions = ", ".join(f"{package} {found}" for package, found in where["versions"].items())
    head = f"# {where['date']}, {where['machine']}\n\nPython {where['python']}, {versions}\n"
    old = re.split(r"^(?=## )", path.read_text(), flags=re.MULTILINE)[1:] if path.exists() else []
    command = section.partition("` at ")[0]
    kept = [part.rstrip() + "\n" for part in old if part.partition("` at ")[0] != command]
    return "\n".join([head, *sorted([*kept, section])])


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
