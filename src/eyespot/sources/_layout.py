"""Layouts of folders: classes, parts, both, or nothing; the user must choose if two are possible."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ..errors import SourceError, look_up
from ..findings import counted
from ._conventions import mentions_part, part_named, stands_for_unlabeled
from ._walk import Tree

Found = tuple[str, dict[str, str]]
"""The path of an image, and the annotations derived from its folders."""

SHARED = 0.5
"""Folders that share at least this fraction of subfolder names may be parts, or classes with the same subfolders."""
SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One layout of a folder: description, images with annotations, and left-out images by reason."""

    name: str
    kind: str
    found: list[Found]
    left_out: dict[str, int]


def choose_layout(tree: Tree, requested: str | None = None) -> Layout:
    """Choose the layout of a folder tree; raises `SourceError` if two are possible and none was requested."""
    if requested is not None:
        layout = look_up("layout", requested, LAYOUTS, SourceError)(tree)
        if not layout.found:
            raise SourceError(f"{tree.path}: no image fits the layout '{requested}' ({MEANINGS[requested]}).")
        return layout
    names = possible_layouts(tree)
    layouts = [LAYOUTS[name](tree) for name in names]
    if len(layouts) == 1:
        return layouts[0]
    readings = "; ".join(f"'{layout.name}': {summary(layout)}" for layout in layouts)
    renamed = " Where its folders are parts, name them train, val and test." if "subfolders" in names else ""
    raise SourceError(
        f"{tree.path}: can be read in {len(layouts)} ways. {readings}. Choose one, such as layout='{names[0]}'."
        + renamed,
        argument="layout",
    )


def possible_layouts(tree: Tree) -> list[str]:
    """The names of the possible layouts of a folder: one if it is unambiguous."""
    folders = tree.filled
    if not folders:
        return ["unlabeled"]
    if clear := _with_parts(tree, folders):
        return clear
    if _one_wrapper(tree) is not tree:
        return possible_layouts(_one_wrapper(tree))
    if all(_is_divided(folder) for folder in folders):
        return ["classes-with-parts"]
    if any(_is_divided(folder) for folder in folders):
        return ["classes", "classes-with-parts"]
    if tree.images and len(tree.images) >= sum(folder.total for folder in folders):
        return ["unlabeled", "classes"]
    if len(folders) > 1 and _alike(folders):
        return ["classes", "subfolders"]
    return ["classes"]


def _with_parts(tree: Tree, folders: Sequence[Tree]) -> list[str]:
    """The layouts of a folder with subfolders named like parts; empty if they are classes."""
    named = [folder for folder in folders if part_named(folder.name)]
    others = [folder for folder in folders if folder not in named and not stands_for_unlabeled(folder.name)]
    with_classes = [folder for folder in named if _class_folders(folder)]
    parts = {part_named(folder.name) for folder in named}
    if named and not others:
        return ["parts"] if with_classes or "train" in parts else []
    if with_classes and len(parts) > 1:
        return ["parts"]
    if with_classes:
        shared = all(_alike([with_classes[0], other]) for other in [*with_classes[1:], *others])
        return ["parts"] if shared else ["parts", "classes"]
    if len(parts) > 1 and "train" in parts:
        return ["parts", "classes"]
    if len(folders) > 1 and all(mentions_part(folder.name) for folder in folders):
        return ["classes", "unlabeled"]
    return []


def _alike(folders: Sequence[Tree]) -> bool:
    """Return whether several folders have mostly the same subfolder names, two or more of them."""
    names = [{each.name.casefold() for each in _class_folders(folder)} for folder in folders]
    common, all_names = set.intersection(*names), set.union(*names)
    return len(common) >= 2 and len(common) >= SHARED * len(all_names)


def _is_divided(folder: Tree) -> bool:
    """Return whether a class folder contains its own train and test folders."""
    parts = [part_named(each.name) for each in folder.filled]
    return not folder.images and "train" in parts and None not in parts


def _one_wrapper(tree: Tree) -> Tree:
    """The folder with the class folders or parts, if each folder above contains one folder and little else.

    A single folder is not a class, since two are required. Images in the folders above count as images next to its
    folders.
    """
    folders = tree.filled
    if len(folders) != 1 or not folders[0].filled:
        return tree
    inner = _one_wrapper(folders[0])
    if inner is folders[0] and len(inner.filled) == 1:
        return tree
    return replace(inner, images=[*tree.images, *inner.images]) if tree.images else inner


def _class_folders(folder: Tree) -> list[Tree]:
    return _one_wrapper(folder).filled


def _classes(tree: Tree) -> Layout:
    tree = _one_wrapper(tree)
    images = [(image, {"label": folder.name}) for folder in tree.filled for image in folder.all_images()]
    return Layout(name="classes", kind="a folder for each class", found=images, left_out=_beside(tree.images))


def _identities(tree: Tree) -> Layout:
    classes = _classes(tree)
    images = [(image, {"identity": values["label"]}) for image, values in classes.found]
    return replace(classes, name="identities", kind="a folder for each identity", found=images)


def _subfolders(tree: Tree) -> Layout:
    tree = _one_wrapper(tree)
    pairs = [(each.name, each) for folder in tree.filled for each in folder.filled]
    images = [(image, {"label": name}) for name, each in pairs for image in each.all_images()]
    loose = [image for folder in (tree, *tree.filled) for image in folder.images]
    kind = "a folder for each class in every folder"
    return Layout(name="subfolders", kind=kind, found=images, left_out=_beside(loose))


def _unlabeled(tree: Tree) -> Layout:
    return Layout(name="unlabeled", kind="pictures", found=[(each, {}) for each in tree.all_images()], left_out={})


def _divided_classes(tree: Tree) -> Layout:
    tree = _one_wrapper(tree)
    images = []
    left_out = _beside([*tree.images, *(image for folder in tree.filled for image in folder.images)])
    for folder in tree.filled:
        for each in folder.filled:
            if part := part_named(each.name):
                images += [(image, {"label": folder.name, "split": part}) for image in each.all_images()]
            else:
                left_out[_not_a_part(each.name)] = left_out.get(_not_a_part(each.name), 0) + each.total
    kind = "a folder for each class, with its parts in it"
    return Layout(name="classes-with-parts", kind=kind, found=images, left_out=left_out)


def _parts(tree: Tree) -> Layout:
    if not any(part_named(folder.name) for folder in tree.filled):
        tree = _one_wrapper(tree)
    labeled: list[Found] = []
    unlabeled: dict[str, list[Found]] = {}
    left_out = _beside(tree.images)
    meanings = []
    for folder in tree.filled:
        part = part_named(folder.name)
        if part is None:
            left_out[_not_a_part(folder.name)] = folder.total
            continue
        meanings.append((folder.name, part))
        inner = _one_wrapper(folder)
        classes = inner.filled
        labeled += [(image, {"label": each.name, "split": part}) for each in classes for image in each.all_images()]
        if inner.images:
            unlabeled[folder.name] = [(image, {"split": part}) for image in inner.images]
    if labeled:
        for name, images in unlabeled.items():
            left_out[f"without a label in {name}/"] = len(images)
        found = labeled
    else:
        found = [each for images in unlabeled.values() for each in images]
    kind = "a folder for each class" if labeled else "pictures"
    return Layout(name="parts", kind=f"{kind}, {_described(meanings)}", found=found, left_out=left_out)


def _described(meanings: Sequence[tuple[str, str]]) -> str:
    """The number of parts, and the part of each folder with another name."""
    renamed = [f"{name}/ is {part}" for name, part in meanings if name.lower() != part]
    more = ", ..." if len(renamed) > SHOWN else ""
    count = len(meanings)
    return f"in {count} part{'s' * (count != 1)}" + (f" ({', '.join(renamed[:SHOWN])}{more})" if renamed else "")


def _beside(images: Sequence[str]) -> dict[str, int]:
    return {"beside the class folders": len(images)} if images else {}


def _not_a_part(name: str) -> str:
    return f"in {name}/, which is no part"


def summary(layout: Layout) -> str:
    """Describe the result of a layout, with counts."""
    counts = [counted(len(layout.found), "image"), *classes_in(values for _, values in layout.found)]
    left_out = [f"{count:,} left out {reason}" for reason, count in layout.left_out.items()]
    return ", ".join([layout.kind, *counts, *left_out])


def classes_in(values: Iterable[dict[str, str]]) -> list[str]:
    """The number of labels and the first ones, as in "2 classes (cat, dog)"; empty without labels."""
    labels = list(dict.fromkeys(label for each in values if (label := each.get("label"))))
    if not labels:
        return []
    more = ", ..." if len(labels) > SHOWN else ""
    return [f"{len(labels):,} class{'es' * (len(labels) != 1)} ({', '.join(labels[:SHOWN])}{more})"]


LAYOUTS: dict[str, Callable[[Tree], Layout]] = {
    "classes": _classes,
    "parts": _parts,
    "subfolders": _subfolders,
    "classes-with-parts": _divided_classes,
    "identities": _identities,
    "unlabeled": _unlabeled,
}

MEANINGS = {
    "classes": "each folder is a class, with everything below it",
    "parts": "folders are parts (train, val, test), the folders in them classes",
    "subfolders": "the folders in each folder are classes; the upper folders are ignored",
    "classes-with-parts": "each folder is a class, the folders in it are its parts",
    "identities": "each folder is an identity, such as a person; all its images stay in one part",
    "unlabeled": "folders are ignored: images without labels",
}
"""Each layout as text, for messages and docs."""
