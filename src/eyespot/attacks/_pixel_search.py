"""A search for a few pixels: scan every position once, then combine the best ones.

The effect of a pixel on the answer is nearly linear in its color, so extreme colors are strongest; and it is nearly
independent of other pixels, so changes that work alone also work together. Hence: scan all positions with extreme
colors, refine the best, combine them, then improve one pixel at a time. Like differential evolution it is a black-box
attack; it needs far fewer queries.
Shapes: n candidates, m single changes, t combinations, d pixels, C channels, H height, W width.
"""

from collections.abc import Generator
from itertools import product

import torch
from torch import Tensor

from ._black_box import Reply, Search, run_searches
from ._settings import Attempt, Settings, seed_of
from ._victim import Changes, Victim, joined

BLOCK = 400
"""Number of candidates per batch."""
FIRST_LOOKS = 2
"""Number of extreme colors per position in the scan: those farthest from the color of the pixel."""
CLOSER = 0.25
"""Fraction of positions that are then tried with all extreme colors."""
TEAMS, MEMBERS = 8, 48
"""Number of pixel combinations that are extended at a time, and of single changes added to each."""
PATIENCE = 5
"""Number of batches without improvement after which a search ends."""
BETTER = 0.01
"""Relative decrease of the margin that counts as an improvement."""


def pixel_search(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """Scan all pixels with extreme colors, then combine and improve the best: black box, fewer queries."""
    return run_searches(victim, images, lambda number: seek(images[number], settings), settings.queries)


def seek(image: Tensor, settings: Settings) -> Search:
    """The search for one image (C, H, W)."""
    generator = torch.Generator().manual_seed(seed_of(image, settings.seed))
    singles = _Ranking(1, image.shape[0])
    if settings.pixels > 1:
        yield _blind_teams(image, settings.pixels, generator)
    yield from _scan(image, settings.queries // 4, singles, generator)
    teams = singles
    for _ in range(settings.pixels - 1):
        teams = yield from _enlarged(teams, singles.first(MEMBERS))
    yield from _improve(image.shape, teams, singles.first(MEMBERS), generator)
    if settings.pixels == 1:
        yield from _remaining(image, singles)


def _blind_teams(image: Tensor, pixels: int, generator: torch.Generator) -> Changes:
    """Random positions with the colors farthest from their own: quickly tried, and enough for many images."""
    height, width = image.shape[1:]
    places = torch.stack(
        [torch.randint(side, (BLOCK * pixels,), generator=generator) for side in (height, width)], dim=1
    )
    colors = corners(len(image))
    far = colors[_farthest_first(image, places, colors)[:, 0]]
    return Changes(places=places.view(BLOCK, pixels, 2), colors=far.view(BLOCK, pixels, -1))


def corners(channels: int) -> Tensor:
    """The extreme colors (2**C, C): each channel 0 or 255."""
    return torch.tensor(list(product((0.0, 255.0), repeat=channels)))


class _Ranking:
    """Evaluated sets of d changes with their margins."""

    def __init__(self, pixels: int, channels: int) -> None:
        self.changes = Changes(
            places=torch.zeros(0, pixels, 2, dtype=torch.long), colors=torch.zeros(0, pixels, channels)
        )
        self.margin = torch.zeros(0)

    def add(self, changes: Changes, reply: Reply) -> None:
        self.changes = joined([self.changes, changes])
        self.margin = torch.cat([self.margin, reply.margin])

    def first(self, count: int) -> Changes:
        """The best ones, each at different positions."""
        order = self.margin.argsort()
        places = self.changes.places[order].flatten(1).tolist()
        seen: dict[tuple[int, ...], int] = {}
        for rank, place in enumerate(places):
            seen.setdefault(tuple(place), rank)
        return self.changes[order[torch.tensor(list(seen.values())[:count])]]


def _scan(image: Tensor, most: int, singles: _Ranking, generator: torch.Generator) -> Search:
    """Scan every position (of a large image: some) with the farthest colors, and the best positions with all colors."""
    height, width = image.shape[1:]
    order = torch.randperm(height * width, generator=generator)[: max(BLOCK, most // FIRST_LOOKS)]
    places = torch.stack([order // width, order % width], dim=1)
    colors = corners(len(image))
    far = _farthest_first(image, places, colors)
    for look in range(FIRST_LOOKS):
        yield from _try_all(places, colors[far[:, look]], singles)
    closer = singles.first(max(1, int(CLOSER * len(places)))).places[:, 0]
    far = _farthest_first(image, closer, colors)
    for look in range(FIRST_LOOKS, len(colors)):
        yield from _try_all(closer, colors[far[:, look]], singles)


def _farthest_first(image: Tensor, places: Tensor, colors: Tensor) -> Tensor:
    """For each position (m, 2) the indices of the colors, the farthest from the current one first: (m, 2**C)."""
    own = image[:, places[:, 0], places[:, 1]].T * 255
    return torch.cdist(own, colors.to(own)).argsort(1, descending=True)


def _try_all(places: Tensor, colors: Tensor, ranking: _Ranking) -> Search:
    changes = Changes(places=places[:, None], colors=colors[:, None])
    for start in range(0, len(changes), BLOCK):
        block = changes[start : start + BLOCK]
        ranking.add(block, (yield block))


def _enlarged(teams: _Ranking, singles: Changes) -> Generator[Changes, Reply, _Ranking]:
    """The best combinations extended by each single change at another position."""
    best = teams.first(TEAMS)
    left = torch.arange(len(best)).repeat_interleave(len(singles))
    right = torch.arange(len(singles)).repeat(len(best))
    apart = (best.places[left] != singles.places[right]).any(2).all(1)
    larger = Changes(
        places=torch.cat([best.places[left[apart]], singles.places[right[apart]]], dim=1),
        colors=torch.cat([best.colors[left[apart]], singles.colors[right[apart]]], dim=1),
    )
    ranking = _Ranking(larger.places.shape[1], singles.colors.shape[2])
    ranking.add(larger, (yield larger))
    return ranking


def _improve(shape: torch.Size, teams: _Ranking, singles: Changes, generator: torch.Generator) -> Search:
    """Vary one pixel of the best combinations, until several batches in a row bring no improvement."""
    stale = 0
    while stale < PATIENCE:
        before = float(teams.margin.min())
        block = _varied(shape, teams.first(TEAMS), singles, generator)
        teams.add(block, (yield block))
        stale = 0 if teams.margin.min() < before - BETTER * abs(before) else stale + 1


def _varied(shape: torch.Size, teams: Changes, singles: Changes, generator: torch.Generator) -> Changes:
    """Combinations with one pixel changed: replaced by a good single change, moved by one step, or in one channel."""
    channels, height, width = shape

    def draw(high: int) -> Tensor:
        return torch.randint(high, (BLOCK,), generator=generator)

    rows, pixel, team = torch.arange(BLOCK), draw(teams.places.shape[1]), draw(len(teams))
    places, colors = teams.places[team], teams.colors[team]
    kind = draw(3)
    step = torch.stack([draw(5) - 2, draw(5) - 2], dim=1)
    moved = (places[rows, pixel] + step).clamp(torch.zeros(2, dtype=torch.long), torch.tensor([height, width]) - 1)
    recolored = colors[rows, pixel].clone()
    recolored[rows, draw(channels)] = draw(256).float()
    other = singles[draw(len(singles))]
    exchange, aside = (kind == 0)[:, None], (kind == 1)[:, None]
    places[rows, pixel] = torch.where(exchange, other.places[:, 0], torch.where(aside, moved, places[rows, pixel]))
    colors[rows, pixel] = torch.where(exchange, other.colors[:, 0], torch.where(aside, colors[rows, pixel], recolored))
    return Changes(places=places, colors=colors)


def _remaining(image: Tensor, singles: _Ranking) -> Search:
    """All untried extreme colors, which the scan skipped as unlikely to succeed."""
    colors = corners(len(image))
    height, width = image.shape[1:]
    tried = singles.changes.places[:, 0, 0] * width + singles.changes.places[:, 0, 1]
    seldom = (torch.bincount(tried, minlength=height * width) < len(colors)).nonzero()[:, 0]
    places = torch.stack([seldom // width, seldom % width], dim=1)
    far = _farthest_first(image, places, colors)
    for look in range(FIRST_LOOKS, len(colors)):
        yield from _try_all(places, colors[far[:, look]], singles)
