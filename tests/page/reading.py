"""Numbers as the page shows them, read back."""

import re

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
