"""The one writer of stand-alone pages: one file each, nothing from outside, light and dark, wide and narrow.

Class names are users' text: every value is escaped, and the page's own policy forbids scripts and addresses unless its
template asks for a script of its own (block `script_policy`). Templates lie in `templates/` and extend `base.html`.
"""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .errors import EyespotError
from .files import write_whole
from .images import ImageSpec, encode_png, read_pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = {
    "ink": "#010203",
    "quiet": "#010204",
    "line": "#010205",
    "blue": "#010206",
    "orange": "#010207",
    "green": "#010208",
}
"""Colors to draw figures with: each becomes the page's own color of that name, in light and in dark."""


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template with values and return the whole page.

    In templates, `pixels | picture` makes an address of uint8 pixels, `value | number` and `share | percent` write
    numbers for people, and `value | tojson` writes JSON that is safe inside a script element.
    """
    return _environment().get_template(template).render(dict(values))


def write_page(path: str | Path, template: str, values: Mapping[str, Any]) -> Path:
    """Render a template into a file, whose folder is made where it is missing; an existing page is replaced.

    Raises `EyespotError` where the file cannot be written.
    """
    path, page = Path(path), render(template, values)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EyespotError(f"{path.parent}: cannot be created ({error.strerror}); choose another location.") from error
    write_whole(path, page.encode())
    return path


def picture(pixels: np.ndarray) -> str:
    """uint8 pixels (H, W), (H, W, 1) or (H, W, 3) as a `data:` address, without loss, for `<img src>`."""
    return "data:image/png;base64," + base64.b64encode(encode_png(pixels)).decode()


def thumbnail(pixels: np.ndarray, side: int) -> np.ndarray:
    """The same picture with no side longer than `side`; smaller ones stay as they are.

    >>> thumbnail(np.zeros((300, 600, 3), np.uint8), 100).shape
    (50, 100, 3)
    """
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    height, width = (max(1, round(length * scale)) for length in (height, width))
    return read_pixels(pixels, ImageSpec(height=height, width=width, channels=channels, fit="stretch"))


def drawing(figure: "Figure", summary: str) -> Markup:
    """A matplotlib figure as inline SVG; `summary` describes it to people who cannot see it.

    Draw with the colors of `INK` inside `with drawing_style():`, so that it follows the page's light or dark colors.
    """
    svg = _svg(figure, summary)
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="[a-zA-Z0-9.]+_\d+"', "", svg)  # would stand twice on a page with two drawings
    svg = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1; font-family: inherit", svg)
    for name, color in INK.items():
        svg = svg.replace(color, f"var(--{name})")
    return Markup(re.sub(r"<svg ", f'<svg role="img" aria-label="{Markup.escape(summary)}" ', svg, count=1))


def _svg(figure: "Figure", salt: str) -> str:
    """The file that matplotlib writes; the ids in it follow from `salt`."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": salt}):  # ids must differ between the drawings of one page
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def drawing_style() -> Any:
    """A context in which matplotlib draws quietly and in the colors of the page; users' text is never formulas."""
    import matplotlib as mpl

    return mpl.rc_context(
        {
            "svg.fonttype": "none",
            "text.parse_math": False,
            "text.color": INK["ink"],
            "axes.edgecolor": INK["line"],
            "axes.labelcolor": INK["quiet"],
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": INK["line"],
            "grid.linewidth": 0.6,
            "xtick.color": INK["line"],
            "ytick.color": INK["line"],
            "xtick.labelcolor": INK["quiet"],
            "ytick.labelcolor": INK["quiet"],
            "font.size": 9,
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
        }
    )


def number(value: float | None, digits: int = 4) -> str:
    """A number for people: whole ones with separators, others with some digits that count, none as a dash.

    >>> number(12345), number(0.98765), number(1234.5, digits=3), number(None)
    ('12,345', '0.9877', '1,234', '–')
    """
    if value is None or value != value:
        return "–"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of one in percent.

    >>> percent(0.98765)
    '98.8 %'
    """
    return "–" if share is None or share != share else f"{100 * share:.{digits}f} %"


def is_share(values: Sequence[float], unit: str, better: str) -> bool:
    """Whether scores are shares of one, which are shown in percent: no unit, more is better, all from 0 to 1."""
    return not unit and better == "higher" and all(0 <= value <= 1 for value in values)


def score_text(value: float, *, share: bool, unit: str = "", decimals: int = 1, digits: int = 4) -> str:
    """A score as text: a share in percent with so many decimals, else a number of so many digits with its unit.

    >>> score_text(0.98765, share=True), score_text(29.123, share=False, unit="dB")
    ('98.8 %', '29.12 dB')
    """
    return percent(value, decimals) if share else f"{number(value, digits)} {unit}".strip()


def interval_text(interval: Sequence[float], *, share: bool, unit: str = "", decimals: int = 1, digits: int = 4) -> str:
    """An interval of scores as text, its unit once.

    >>> interval_text([0.4, 0.6], share=True), interval_text([28.5, 29.5], share=False, unit="dB")
    ('40.0 to 60.0 %', '28.5 to 29.5 dB')
    """
    low, high = (score_text(end, share=share, unit=unit, decimals=decimals, digits=digits) for end in interval)
    return f"{low.removesuffix(f' {unit}' if unit else ' %')} to {high}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("eyespot", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"picture": picture, "thumbnail": thumbnail, "number": number, "percent": percent}
    return environment
