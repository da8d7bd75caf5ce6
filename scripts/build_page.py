"""Build the page (Svelte, TypeScript) into the package while a wheel is made."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildPage(BuildHookInterface):
    """Runs `npm ci` and `npm run build` in `page/`, unless the page is built already (`make page` does it too)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        built = (root / "src/eyespot/serving/static/index.html").is_file()
        if version == "editable" or built or not (root / "page/package.json").is_file():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("The page is built with npm, which is not here; run `make page` first, it fetches one.")
        subprocess.run([npm, "ci"], cwd=root / "page", check=True)
        subprocess.run([npm, "run", "build"], cwd=root / "page", check=True)
