"""Reports fit their window, on a phone and on a desktop, and do not break class names inside words."""

from pathlib import Path

import pytest

from eyespot.attacks.report.write import Report
from eyespot.sources.source import part_of
from tests.attacks.small_models import bright_or_dark, source_of
from tests.attacks.test_report import wanted
from tests.training.test_report import DATA, LOG, RECIPE, classified, picture, tagged, written

FLOWERS = ("chrysanthemum", "lily of the valley", "snapdragon", "bougainvillea", "black-eyed susan", "sword lily")
BROKEN = """names => names.filter(name => [...document.querySelectorAll('tbody th')].some(cell => {
    const text = cell.firstChild;
    if (!text || text.nodeType !== Node.TEXT_NODE || !text.data.includes(name)) return false;
    const range = document.createRange();
    range.setStart(text, text.data.indexOf(name)); range.setEnd(text, text.data.indexOf(name) + name.length);
    return new Set([...range.getClientRects()].map(box => box.top)).size > 1;
}))"""


def opened(page, path: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path.as_uri())


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("made", [lambda: classified(FLOWERS), tagged], ids=["classify", "tag"])
def test_a_report_is_not_wider_than_its_window_and_breaks_no_word(page, made, width, tmp_path):
    opened(page, written(tmp_path, made(), LOG, RECIPE, DATA, picture), width)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    words = [word for name in FLOWERS for word in name.replace("-", " ").split()]
    assert page.evaluate(BROKEN, words) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_attack_table_fits_its_card(page, width, tmp_path):
    model, images, labels = bright_or_dark()
    part = part_of(source_of(images, [("right", "left")[label] for label in labels.tolist()]), "all")
    for _ in Report({"model": model}, wanted(model, part, by="minimum-noise,pixel-search", count=4), tmp_path).work():
        pass
    opened(page, tmp_path / "index.html", width)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("(card => card.scrollWidth <= card.clientWidth)(document.querySelector('#attacks + .card'))")
