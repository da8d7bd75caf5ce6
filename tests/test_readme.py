"""What the README and the docs say is true: their code runs, their links lead somewhere, their commands exist."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

import eyespot
from eyespot.cli._app import VERBS, app

ROOT = Path(__file__).parents[1]
RUN = "runs/digits/model.safetensors"
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
EXECUTED = [
    "README.md",
    *(f"docs/{name}.md" for name in ("quickstart", "train", "predict-evaluate", "export", "drive")),
]


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """The `eyespot` commands in the shell blocks and the inline code of a page, as lists of words."""
    inline = re.findall(r"`(eyespot [^`]+)`", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S))
    text = "\n".join([*blocks(page, "bash"), *inline]).replace("\\\n", " ")
    return [
        shlex.split(line.partition("eyespot ")[2], comments=True)
        for line in text.splitlines()
        if re.match(r"(\.venv/bin/)?eyespot ", line)
    ]


@pytest.mark.parametrize("name", EXECUTED)
def test_the_code_on_a_page_runs_from_top_to_bottom(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EYESPOT_CACHE", str(tmp_path / "cache"))
    code = "\n".join(blocks(ROOT / name, "python"))
    assert code
    exec(compile(code, name, "exec"), {"__name__": "page"})
    if name == "docs/export.md":
        assert capsys.readouterr().out.split()[0] == eyespot.load(RUN).predict("new.png")["label"]
    if name == "docs/drive.md":
        assert capsys.readouterr().out.strip() == "11 steps, 100 steps"
    if name == "README.md":
        label, probability, metric, score, *_ = capsys.readouterr().out.split()
        assert label in "0123456789"
        assert 0 < float(probability) <= 1
        assert metric == "accuracy"
        assert float(score) > 0.8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_on_a_page_exist_with_their_options(page):
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for verb, *words in commands(page):
        if verb == "--help":
            continue
        assert verb in VERBS, f"{page.name}: eyespot {verb}"
        known = {option for parameter in verbs[verb].params for option in parameter.opts} | {"--help"}
        given = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert given <= known, f"{page.name}: eyespot {verb} {' '.join(words)}"


def test_the_commands_of_make_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {
        word
        for page in PAGES
        for word in re.findall(r"`?\bmake ([a-z]+(?:-[a-z]+)*)`?(?=`|\s+#|,| \()", page.read_text())
    }
    assert {"demo", "test"} <= named
    assert named <= targets


def test_every_page_of_the_docs_is_listed_in_their_index():
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (ROOT / "docs" / "index.md").read_text()))
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"} <= listed


def test_the_readme_has_its_two_commands_first():
    assert re.findall(r"^(make \w+)", "\n".join(blocks(ROOT / "README.md", "bash")), flags=re.MULTILINE)[:2] == [
        "make demo",
        "make test",
    ]


def test_what_is_chosen_by_itself_is_what_the_page_on_training_says():
    from eyespot.networks import SIZES
    from eyespot.sources.augment import PRESETS
    from eyespot.training.recipe import AUTOMATIC_IMAGES, automatic_epochs

    page = (ROOT / "docs" / "train.md").read_text()
    least, most = automatic_epochs(10**9), automatic_epochs(1)
    assert f"about {AUTOMATIC_IMAGES:,} images, at least {least:g}, at most {most:g}" in page
    assert f"`--size` {', '.join(SIZES)}" in page
    assert f"`--augment` {', '.join(PRESETS)}" in page
