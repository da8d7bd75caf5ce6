"""Stand-alone pages: users' text does no harm, nothing is loaded from outside."""

import base64
import json
import re

import numpy as np
import pytest
from jinja2 import DictLoader, UndefinedError

from eyespot import html
from eyespot.errors import EyespotError
from eyespot.images import ImageSpec, read_pixels

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def templates(monkeypatch: pytest.MonkeyPatch):
    """Templates of the test's own beside those of the package."""

    def use(text: str) -> None:
        environment = html._environment()
        source = environment.loader.get_source(environment, "base.html")[0]  # type: ignore[union-attr]
        style = environment.loader.get_source(environment, "style.css")[0]  # type: ignore[union-attr]
        monkeypatch.setattr(
            environment, "loader", DictLoader({"t.html": text, "base.html": source, "style.css": style})
        )
        monkeypatch.setattr(environment, "cache", None)

    return use


def test_users_text_is_escaped_wherever_it_stands(templates):
    templates(
        '{% extends "base.html" %}{% block title %}{{ name }}{% endblock %}'
        '{% block body %}<a title="{{ name }}">{{ name }}</a>{% endblock %}'
    )
    page = html.render("t.html", {"name": EVIL + '" onload="'})
    assert "<script" not in page
    assert 'onload="' not in page


def test_json_inside_a_script_element_cannot_end_it_and_says_the_same(templates):
    templates('<script type="application/json">{{ values | tojson }}</script>')
    page = html.render("t.html", {"values": [EVIL, "</script>"]})
    inside = re.fullmatch(r"<script [^>]*>(.*)</script>", page)
    assert inside is not None
    assert "<" not in inside[1]
    assert json.loads(inside[1]) == [EVIL, "</script>"]


def test_a_page_forbids_scripts_and_addresses_unless_its_template_asks(templates):
    templates('{% extends "base.html" %}')
    page = html.render("t.html", {})
    assert "default-src 'none'" in page
    assert "script-src 'none'" in page
    assert not re.search(r"https?://", page)
    templates("{% extends \"base.html\" %}{% block script_policy %}'unsafe-inline'{% endblock %}")
    assert "script-src 'unsafe-inline'" in html.render("t.html", {})


def test_a_value_that_is_missing_is_an_error_and_not_a_gap(templates):
    templates("{{ missing }}")
    with pytest.raises(UndefinedError):
        html.render("t.html", {})


def test_a_picture_goes_through_its_address_without_loss():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    kind, data = html.picture(pixels).split(",")
    assert kind == "data:image/png;base64"
    again = read_pixels(base64.b64decode(data), ImageSpec(height=5, width=7, channels=3))
    np.testing.assert_array_equal(again, pixels)


@pytest.mark.parametrize(
    ("shape", "side", "expected"),
    [
        ((28, 28), 64, (28, 28)),
        ((300, 600, 3), 100, (50, 100, 3)),
        ((90, 30, 1), 30, (30, 10, 1)),
        ((1000, 1), 10, (10, 1, 1)),
    ],
)
def test_a_thumbnail_keeps_its_proportions_and_never_grows(shape, side, expected):
    assert html.thumbnail(np.zeros(shape, np.uint8), side).shape == expected


def test_a_drawing_follows_the_page_and_shows_users_text_as_it_is():
    from matplotlib.figure import Figure

    with html.drawing_style():
        figure = Figure(figsize=(3, 2))
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=html.INK["blue"])
        axes.set_title(f"$x^2$ {EVIL}")
        svg = str(html.drawing(figure, f"a line {EVIL}"))
    assert svg.startswith('<svg role="img" aria-label="a line &lt;script&gt;')
    assert "var(--blue)" in svg
    assert "<script" not in svg
    assert "$x^2$" in svg
    assert not any(color in svg for color in html.INK.values())


def test_drawings_of_the_same_figure_are_the_same_text():
    from matplotlib.figure import Figure

    def draw() -> str:
        with html.drawing_style():
            figure = Figure(figsize=(3, 2))
            figure.subplots().plot([0, 1], [1, 0])
            return html.drawing(figure, "a line")

    assert draw() == draw()


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (float("nan"), "–"), (12345, "12,345"), (3.0, "3"), (0.98765, "0.9877"), (123456.7, "123,457")],
)
def test_numbers_are_written_for_people(value, text):
    assert html.number(value) == text


def test_a_page_is_written_into_a_new_folder_and_a_wrong_place_is_named(tmp_path, templates):
    templates("hello")
    path = html.write_page(tmp_path / "new" / "index.html", "t.html", {})
    assert path.read_text() == "hello"
    with pytest.raises(EyespotError, match="cannot be created"):
        html.write_page(path / "below-a-file.html", "t.html", {})
