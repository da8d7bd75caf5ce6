"""An environment of their own for peers: they see the packages of ours (the same torch), and ours never sees them."""

import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent


def peer_python(name: str, folder: Path) -> Path:
    """The Python of an environment in `folder` that has the requirements of `name`.txt, made where missing."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    done = folder / f"{name}.done"
    if not done.exists():
        [packages] = folder.glob("lib/python*/site-packages")
        (packages / "ours.pth").write_text(sysconfig.get_path("purelib") + "\n")
        requirements = str(HERE / f"{name}.txt")
        subprocess.run([str(python), "-m", "pip", "install", "-q", "--no-deps", "-r", requirements], check=True)
        done.touch()
    return python
