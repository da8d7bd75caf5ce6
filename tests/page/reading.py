"""Numbers as the page shows them, read back."""

import math
import re
from pathlib import Path

from playwright.sync_api import Page

SCRIPT = (Path(__file__).parent / "access.js").read_text()
AXE = Path(__file__).parents[2] / "page" / "node_modules" / "axe-core" / "axe.min.js"
FINDINGS = """
async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const told = (id, { html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`;
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => told(id, node)));
}
"""
ROUND = 10
"""How often Tab is pressed until the page is asked what was reached."""
POWERS = str.maketrans("\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "-0123456789")


def number(text: str) -> tuple[float, float]:
    """A shown number and the weight of its last digit."""
    found = re.fullmatch(
        r"\(?(\u2212?)(\d+)(?:\.(\d+))?(?:\u00d710([\u207b\u2070-\u2079\u00b9\u00b2\u00b3]+))?\)?", text.strip()
    )
    assert found, text
    power = int(found[4].translate(POWERS)) if found[4] else 0
    value = float(f"{found[2]}.{found[3] or 0}") * 10.0**power
    return (-value if found[1] else value), 10.0 ** (power - len(found[3] or ""))


def agrees(text: str, wanted: float) -> bool:
    """Whether a shown number is `wanted` to 0.6 of its last digit."""
    value, last = number(text)
    return abs(value - wanted) <= 0.6 * last


def missed_by_tab(page: Page, least: int) -> list[str]:
    """The controls, at least `least`, that the Tab key does not reach or that it should and cannot."""
    found = page.evaluate(f"{SCRIPT}; stops()")
    assert len(found["wanted"]) >= least, found["wanted"]
    page.evaluate(f"{SCRIPT}; noteStops()")
    missed = set(found["wanted"])
    for _ in range(2 * len(found["wanted"]) // ROUND + 2):
        for _ in range(ROUND):
            page.keyboard.press("Tab")
        missed -= set(page.evaluate("reached"))
        if not missed:
            break
    first = "one => one.outerHTML.slice(0, 200)"
    return found["lost"] + [page.locator(f"[data-stop='{stop}']").evaluate(first) for stop in missed]


def accessible(page: Page) -> None:
    """axe-core has no findings, no text is below 11 pixels, and the page fits the window."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    findings = page.evaluate(FINDINGS) + page.evaluate(f"{SCRIPT}; smallTexts(11)")
    assert not findings, "\n".join(findings)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def accessible_in_all_settings(page: Page) -> None:
    """The same in light and dark colors, in both languages; the page is then as it was before."""
    language, theme = page.locator("header .settings button").all()
    for button in (theme, language, theme, language):
        accessible(page)
        button.click()


def resize(page: Page, width: int) -> None:
    """Give the window a width, and wait until the page has its new layout."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def wider_than_the_window(page: Page, widths: tuple[int, ...] = (1280, 390)) -> list[int]:
    """The widths of the window that what is open does not fit in."""
    wider = []
    for width in widths:
        resize(page, width)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wider.append(width)
    return wider


def layout_faults(page: Page) -> dict[int, list[str]]:
    """Texts that are cut off and controls that cover each other, on a phone, a tablet and a desktop, by the width."""
    found: dict[int, list[str]] = {}
    for width in (1440, 820, 390):
        resize(page, width)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.setdefault(width, []).append("wider than the window")
        if faults := page.evaluate(f"{SCRIPT}; layoutFaults()"):
            found.setdefault(width, []).extend(faults)
    return found


def open_settings(page: Page) -> None:
    """Open the panel of display settings, where it is closed."""
    button = page.get_by_role("button", name="Display settings")
    if button.get_attribute("aria-expanded") == "false":
        button.click()


NAMES = {"max": max, "tanh": math.tanh, "sqrt": math.sqrt, "exp": math.exp}


def holds(equation: str) -> bool:
    """Whether a reader who computes the left side of a shown equation from its digits gets the right side as shown.

    Notes in brackets, such as "(3 more)", are left out.
    """
    left, right = re.sub(r"\(\d+ more\)", "", equation).split("=")
    value, last = number(right)
    plain = re.sub(
        r"\u00d710([\u207b\u2070-\u2079\u00b9\u00b2\u00b3]+)", lambda found: f"e{found[1].translate(POWERS)}", left
    )
    for sign, written in (("\u2212", "-"), ("\u00b7", "*"), ("\u221a", "sqrt")):
        plain = plain.replace(sign, written)
    return abs(eval(" ".join(plain.split()), {"__builtins__": {}}, NAMES) - value) <= 0.5001 * last
