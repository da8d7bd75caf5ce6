"""Numbers as the page shows them, read back."""

import math
import re
from pathlib import Path

from playwright.sync_api import Page

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
    script = (Path(__file__).parent / "access.js").read_text()
    found = page.evaluate(f"{script}; stops()")
    assert len(found["wanted"]) >= least, found["wanted"]
    reached: set[str] = set()
    for _ in range(2 * len(found["wanted"]) + 20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement?.closest('[data-stop]')?.dataset.stop ?? ''"))
    missed = set(found["wanted"]) - reached
    first = "one => one.outerHTML.slice(0, 200)"
    return found["lost"] + [page.locator(f"[data-stop='{stop}']").evaluate(first) for stop in missed]


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
