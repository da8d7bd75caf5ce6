"""Imports go one way: proved by reading every file, without running any."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "eyespot"

# From left to right: a room may import those before it and itself. Rooms of one line do not know each other,
# except those of the first and of the model's line, which are single files and stand in their own order.
LINES = (
    (
        "errors",
        "progress",
        "files",
        "value_range",
        "pixel_arrays",
        "_orientation",
        "_plain_files",
        "file_formats",
        "decoding",
        "_frames",
        "_image_writing",
        "images",
        "_tiff_regions",
        "device",
        "findings",
        "html",
        "charts",
        "stain",
    ),
    ("sources", "networks"),
    ("tasks",),
    (
        "samples",
        "tiles",
        "answers",
        "modelfile",
        "onnx_weights",
        "pretrained",
        "features",
        "_sample_features",
        "generated",
        "model",
        "large_images",
        "embeddings",
        "faces",
    ),
    ("explanations",),
    ("attacks",),
    ("training",),
    ("exporting",),
    ("measures", "organizing", "simulators"),
    ("studies",),
    ("serving",),
    ("cli", "__main__"),
)
IN_ORDER_WITHIN = (LINES[0], LINES[3], LINES[-1])
LINE_OF = {room: place for place, line in enumerate(LINES) for room in line}
FILES = sorted(PACKAGE.rglob("*.py"), key=lambda file: (file != PACKAGE / "__init__.py", file))


def room_of(parts: tuple[str, ...]) -> str:
    return parts[0].removesuffix(".py")


@cache
def parsed(file: Path) -> ast.Module:
    """The syntax tree of a file, which several tests read."""
    return ast.parse(file.read_text())


def imports_in(file: Path, only_at_the_top: bool = False) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a file imports; what is imported for types only is left out."""
    package = ("eyespot", *file.relative_to(PACKAGE).parent.parts)
    tree = parsed(file)
    for_types = {
        id(inside)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inside in ast.walk(node)
    }
    for node in tree.body if only_at_the_top else ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = (*package[: len(package) - node.level + 1],) if node.level else ()
            start = ".".join((*base, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{start}.{name.name}") for name in node.names)


def rooms_imported(file: Path) -> Iterator[tuple[int, str]]:
    for line, name in imports_in(file):
        parts = name.split(".")
        if parts[0] == "eyespot" and len(parts) > 1:
            yield line, parts[1]


def may_import(importer: str, imported: str) -> bool:
    if importer == imported:
        return True
    here, there = LINE_OF[importer], LINE_OF[imported]
    if here == there and LINES[here] in IN_ORDER_WITHIN:
        return LINES[here].index(imported) < LINES[here].index(importer)
    return there < here


# The package's own list of names is left out: it imports a name when that is first used.
@pytest.mark.parametrize("file", FILES[1:], ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_imports_only_those_before_it(file):
    importer = room_of(file.relative_to(PACKAGE).parts)
    assert importer in LINE_OF, f"{importer} has no place in the order of rooms"
    wrong = [
        f"line {line}: {imported}"
        for line, imported in rooms_imported(file)
        if imported in LINE_OF and not may_import(importer, imported)
    ]
    assert not wrong, f"{importer} may not import {', '.join(wrong)}"


def test_sources_and_networks_do_not_know_each_other():
    assert not may_import("sources", "networks")
    assert not may_import("networks", "sources")


def test_only_images_and_decoding_know_pillow():
    knowing = {
        file.name for file in FILES for _, name in imports_in(file) if name.split(".")[0] in ("PIL", "pillow_heif")
    }
    assert knowing == {"images.py", "decoding.py", "_orientation.py", "_image_writing.py", "_tiff_regions.py"}


def test_nothing_imports_what_the_house_does_without():
    strangers = {"torchvision", "cv2", "pickle", "lightning", "tensorflow", "requests", "urllib3"}
    found = [
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in FILES
        for _, name in imports_in(file, only_at_the_top=True)
        if name.split(".")[0] in strangers
    ]
    assert not found


def test_the_command_line_imports_no_torch_before_a_verb_runs():
    code = (
        "import sys, eyespot, eyespot.cli; print(sorted({'torch', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


# Used by nothing else in the package, but described in the documentation as a module for users.
FOR_USERS = {"eyespot.networks.arithmetic", "eyespot.serving.resources"}


def modules_imported() -> Iterator[tuple[str, str]]:
    """Package that imports, and module that is imported, both as dotted names."""
    modules = {".".join(("eyespot", *file.relative_to(PACKAGE).with_suffix("").parts)) for file in FILES}
    for file in FILES:
        package = ".".join(("eyespot", *file.relative_to(PACKAGE).parent.parts))
        tree = parsed(file)
        for node in (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)):
            base = package.split(".")
            start = ".".join(base[: len(base) - node.level + 1] * bool(node.level) + [node.module] * bool(node.module))
            names = {start, *(f"{start}.{name.name}" for name in node.names)}
            yield from ((package, name) for name in names & modules)


def test_modules_are_private_by_name_exactly_if_only_their_own_package_imports_them():
    from_outside = {
        name for package, name in modules_imported() if not f"{package}.".startswith(f"{name.rsplit('.', 1)[0]}.")
    }
    inside_packages = {
        name
        for file in FILES
        if file.stem not in ("__init__", "__main__") and file.parent != PACKAGE
        for name in [".".join(("eyespot", *file.relative_to(PACKAGE).with_suffix("").parts))]
    }
    public = {name for name in inside_packages if not name.rsplit(".", 1)[1].startswith("_")}
    assert public == from_outside | FOR_USERS
