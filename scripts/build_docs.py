"""Build `docs/api/`: the public API of eyespot on one page, from its docstrings; `--check` only tries to.

    python scripts/build_docs.py

Needs the package `pdoc` (extra `dev`) and no network access. The page is not kept in git.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import pdoc
import pdoc.render

import eyespot

ROOT = Path(__file__).parents[1]


def build(folder: Path) -> Path:
    """Write the page into a folder; a name that does not resolve is an error."""
    for name in eyespot.__all__:
        setattr(eyespot, name, getattr(eyespot, name))  # pdoc does not call a module's __getattr__
    pdoc.render.configure(docformat="markdown", footer_text=f"eyespot {eyespot.__version__}", search=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc("eyespot", output_directory=folder)
    (folder / "index.html").unlink()  # it only redirects to the page
    return (folder / "eyespot.html").rename(folder / "index.html")


def main() -> None:
    """Build the page, or only check that it can be built."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="build into a temporary folder and delete it")
    if parser.parse_args().check:
        with tempfile.TemporaryDirectory() as folder:
            build(Path(folder))
    else:
        print(build(ROOT / "docs" / "api").relative_to(ROOT))


if __name__ == "__main__":
    main()
