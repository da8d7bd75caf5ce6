"""Run the short benchmarks or the long ones, one after another, and print their tables."""

import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
LENGTHS = ("short", "long")


def scripts() -> dict[str, str]:
    """Each script's name and the value of its `LENGTH`: all short ones together stay below ten minutes on two cores."""
    files = [path for path in sorted(HERE.glob("*.py")) if not path.stem.startswith("_") and path.stem != "run"]
    return {path.stem: length_of(path) for path in files}


def length_of(path: Path) -> str:
    """What a script gives as its `LENGTH`, read without running it; "" where it gives none."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LENGTH":
            return ast.literal_eval(node.value)
    return ""


def main() -> int:
    """Run the scripts of the chosen length; the exit code counts those that failed."""
    if len(sys.argv) != 2 or sys.argv[1] not in LENGTHS:
        sys.exit("Say which: python benchmarks/run.py short (or long)")
    failed = []
    for name in [name for name, length in scripts().items() if length == sys.argv[1]]:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, str(HERE / f"{name}.py")]).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
