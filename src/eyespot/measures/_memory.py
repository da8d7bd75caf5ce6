"""Peak memory of one backend, in a separate process, so that earlier computations are not counted.

Run as `python -m eyespot.measures._memory`, it reads a request from standard input and prints bytes.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from ._backends import open_backend

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SECONDS = 600


def peak_memory(name: str, file: str, shape: tuple[int, int, int], threads: int) -> int | None:
    """Peak memory in bytes, above an idle process, for loading a backend and computing one image (C, H, W).

    The idle process has imported the same packages. None if the system does not report it (only Linux does), or if the
    process took longer than `SECONDS`.
    """
    request = json.dumps({"name": name, "file": file, "shape": shape, "threads": threads})
    try:
        process = subprocess.run(
            [sys.executable, "-m", __name__],
            input=request,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
    except subprocess.TimeoutExpired:  # other programs may take nearly all of the processor's time
        return None
    return int(process.stdout) if process.returncode == 0 and process.stdout.strip() else None


def _status(key: str) -> int:
    """A number of bytes from the kernel's status of this process: "VmRSS" now, "VmHWM" the maximum since the reset."""
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith(f"{key}:")]
    return int(line.split()[1]) * 1024


def _main() -> None:
    request = json.loads(sys.stdin.read())
    if not STATUS.exists():
        return
    torch.set_num_threads(request["threads"])
    if "ONNX" in request["name"]:
        import onnxruntime  # noqa: F401  # pyright: ignore[reportMissingImports]
    RESET.write_text("5")  # reset the peak after the imports
    idle = _status("VmRSS")
    open_backend(request["name"], request["file"]).outputs(torch.zeros(1, *request["shape"]))
    print(max(0, _status("VmHWM") - idle))  # noqa: T201


if __name__ == "__main__":
    _main()
