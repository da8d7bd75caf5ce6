"""The plan of a robustness report: attacks, settings and targets."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...errors import AttackError, look_up
from ...tasks.criterion import Aim
from ...tasks.task import Task
from .._methods import ATTACKS, choose
from .._settings import Settings

ALL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("fgsm", {}),
    ("pgd", {}),
    ("minimum-noise", {}),
    ("pixel-search", {"pixels": 1}),
    ("pixel-search", {"pixels": 3}),
)
"""The default attacks: weak and strong, with gradients and without."""

EVERY_CLASS = "all"
"""As a target: one attack for each class."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One attack of a report: its name, settings, aim and title."""

    by: str
    settings: Settings
    aim: Aim = field(default_factory=Aim)

    @property
    def title(self) -> str:
        """The attack with its most important setting.

        >>> Planned(by="pixel-search", settings=choose("pixel-search", pixels=3)).title
        'pixel-search, 3 pixels'
        """
        reads = ATTACKS[self.by].defaults
        title = self.by
        if "pixels" in reads:
            title += f", {self.settings.pixels} pixel" + ("s" if self.settings.pixels > 1 else "")
        elif "size" in reads:
            title += (
                f", {self.settings.size * 255:.3g}/255" if self.by != "pgd-l2" else f", length {self.settings.size:g}"
            )
        return title if self.aim.target is None else f"{title}, to {self.aim.target}"

    def values(self) -> dict[str, Any]:
        """The settings that this attack uses, and its aim, as plain values."""
        read = {name: value for name, value in asdict(self.settings).items() if name in ATTACKS[self.by].defaults}
        return {"by": self.by, **read, **asdict(self.aim)}


def plan(by: str, aim: Aim, task: Task, options: dict[str, Any]) -> list[Planned]:
    """Parse the attacks in `by`: "all", one name, or several separated by commas.

    `options` are settings by name, None for the default; each attack gets those that it uses, and a setting that no
    attack uses gives a warning. The target "all" becomes one attack for each class. Raises `AttackError` for unknown
    names.
    """
    named = ALL if by == "all" else tuple((name.strip(), {}) for name in by.split(","))
    reads = {name: look_up("attack", name, ATTACKS, AttackError).defaults for name, _ in named}
    # The seed also selects the images: it is valid even if no attack is random.
    idle = set(options) - {"seed"}.union(*reads.values())
    requested = {name: value for name, value in options.items() if value is not None}
    attacks = []
    for name, own in named:
        taken = {
            requested: value for requested, value in requested.items() if requested in reads[name] or requested in idle
        }
        attacks.append(Planned(by=name, settings=choose(name, **{**own, **taken}), aim=aim))
    unique = list({one.title: one for one in attacks}.values())
    return [towards for one in unique for towards in _towards(one, task)]


def _towards(planned: Planned, task: Task) -> Sequence[Planned]:
    if planned.aim.target != EVERY_CLASS or EVERY_CLASS in task.choices:
        return [planned]
    if not task.choices:
        raise AttackError(f"The target 'all' is for classes; this model's task is {task.name}.")
    return [replace(planned, aim=replace(planned.aim, target=label)) for label in task.choices]
