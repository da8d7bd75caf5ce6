"""The sentences of errors and notes in the sources of eyespot, with 7 for what is only known when one is written."""

import ast
import re
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

from eyespot.findings import counted

SOURCES = Path(__file__).parents[2] / "src" / "eyespot"
UNKNOWN = "7"
WORDS = re.compile(r"^(?!7[A-Z]).*[A-Za-z]{2,}\b.*[a-z]{2,}", re.DOTALL)
"""A sentence, and not the name of something or the end of one."""
MOST = 8
"""Forms of one sentence: enough for each alternative in it to occur."""
NOTES = {"notes", "note", "reason", "problems", "skipped", "error", "refused"}
"""Names of variables that hold sentences."""


def sentences_of(module: str, inside: str | None = None) -> list[str]:
    """The sentences of errors, and of notes, in a module; of one function or class alone where it is named, and
    what it returns."""
    tree: ast.AST = _tree(module)
    if inside is not None:
        tree = next((node for node in ast.walk(tree) if getattr(node, "name", None) == inside), ast.Pass())
    told = [one for node in ast.walk(tree) for one in (*_told(node), *_returned(node, inside))]
    forms = (form for one in told for form in _forms(one))
    return [form for form in dict.fromkeys(forms) if WORDS.search(form)]


def _returned(node: ast.AST, inside: str | None) -> list[ast.expr]:
    """What a named function gives: its sentences, where it makes some."""
    if inside is None or not isinstance(node, ast.Return) or node.value is None:
        return []
    value = node.value
    if isinstance(value, ast.Call):  # an error that is made for another function, which raises it
        name = getattr(value.func, "id", "")
        return [value.args[-1]] if name.endswith("Error") and value.args else []
    return _listed(value)


def _tree(module: str) -> ast.AST:
    return ast.parse((SOURCES / module).read_text())


def _told(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions in a node that are sentences for a person."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
        yield node.exc.args[-1]  # a RequestError has its status and its code first
    elif isinstance(node, ast.Call):
        yield from _told_by_call(node)
    elif isinstance(node, ast.Assign | ast.AugAssign) and any(_is_note(target) for target in _targets(node)):
        yield from _listed(node.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in NOTES:
                yield from _listed(value)


def _told_by_call(call: ast.Call) -> Iterator[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("append", "extend") and isinstance(call.func, ast.Attribute) and _is_note(call.func.value):
        yield from (one for given in call.args for one in _listed(given))
    for given in call.keywords:
        if given.arg in NOTES:
            yield from _listed(given.value)


def _targets(node: ast.Assign | ast.AugAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _is_note(target: ast.expr) -> bool:
    return getattr(target, "attr", getattr(target, "id", "")) in NOTES


def _listed(value: ast.expr) -> list[ast.expr]:
    """The elements of a list that is written out, of its parts and alternatives too; anything else as it is."""
    if isinstance(value, ast.List | ast.Tuple):
        return [one for element in value.elts for one in _listed(element)]
    if isinstance(value, ast.IfExp):
        return _listed(value.body) + _listed(value.orelse)
    if isinstance(value, ast.ListComp | ast.GeneratorExp):
        return _listed(value.elt)
    if isinstance(value, ast.Dict):
        return [one for choice in value.values for one in _listed(choice)]
    if isinstance(value, ast.Starred):
        return _listed(value.value)
    if isinstance(value, ast.BinOp) and any(isinstance(side, ast.List) for side in (value.left, value.right)):
        return _listed(value.left) + _listed(value.right)
    return [value]


def _forms(value: ast.expr) -> list[str]:
    """The texts that an expression can have; none for one that is not written out here."""
    if isinstance(value, ast.IfExp):
        return _forms(value.body) + _forms(value.orelse)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return _joined([_forms(value.left) or [UNKNOWN], _forms(value.right) or [UNKNOWN]])
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        return [value.value]
    if isinstance(value, ast.JoinedStr):
        return _joined([_parts(part) for part in value.values])
    return []


def _parts(part: ast.expr) -> list[str]:
    if isinstance(part, ast.Constant):
        return [str(part.value)]
    assert isinstance(part, ast.FormattedValue)
    inner = part.value
    if isinstance(inner, ast.IfExp):
        return [form for one in (inner.body, inner.orelse) for form in (_text(one) or [UNKNOWN])]
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Mult) and (text := _text(inner.left)):
        return ["", *text]
    if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "counted":
        words = [str(word.value) for word in inner.args[1:] if isinstance(word, ast.Constant)]
        return [counted(number, words[0], *words[1:]) for number in (1, 7)]
    return [UNKNOWN]


def _text(value: ast.expr) -> list[str]:
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else _forms(value)


def _joined(parts: list[list[str]]) -> list[str]:
    return ["".join(words) for words in islice(product(*parts), MOST)]
