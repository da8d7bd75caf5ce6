"""The one-pixel attack by differential evolution.

Su, Vargas and Sakurai, "One Pixel Attack for Fooling Deep Neural Networks" (2017): a population of 400 candidates, each
with d tuples (x, y, r, g, b); 100 generations; each child is r1 + F (r2 - r3) of three others, F = 0.5, without
crossover, and replaces its own parent if its fitness is lower. Initially, x and y are uniform and colors normal
(128, 127). The paper continues until the correct class has less than 5 % (targeted: the target over 90 %); here a
search ends with the first candidate that fools the model, which does not affect the success rate.
Shapes: P candidates of d pixels, V = d x (2 + C) values each, C channels, H height, W width.
"""

import torch
from torch import Tensor

from ._black_box import Search, run_searches
from ._settings import Attempt, Settings, seed_of
from ._victim import Changes, Victim

POPULATION = 400
GENERATIONS = 100
SCALE = 0.5


def one_pixel(victim: Victim, images: Tensor, settings: Settings) -> Attempt:
    """The one-pixel attack of Su et al. by differential evolution: black box, many queries.

    The first generation and 100 more are 40,400 queries for each image that resists.
    """
    return run_searches(victim, images, lambda number: evolve(images[number], settings), settings.queries)


def evolve(image: Tensor, settings: Settings) -> Search:
    """The evolution for one image (C, H, W)."""
    generator = torch.Generator().manual_seed(seed_of(image, settings.seed))
    highest = _highest(image.shape)
    population = _first(image.shape, settings.pixels, generator)
    reply = yield _decode(population)
    fitness = reply.fitness
    for _ in range(GENERATIONS):
        children = _children(population, generator).clamp(torch.zeros(()), highest.repeat(settings.pixels))
        reply = yield _decode(children.view(POPULATION, settings.pixels, -1))
        better = reply.fitness < fitness
        population = torch.where(better[:, None, None], children.view_as(population), population)
        fitness = torch.where(better, reply.fitness, fitness)


def _first(shape: torch.Size, pixels: int, generator: torch.Generator) -> Tensor:
    """Candidates (P, d, 2 + C): rows and columns uniform, colors normal."""
    channels, height, width = shape
    places = torch.rand(POPULATION, pixels, 2, generator=generator) * torch.tensor([height, width])
    colors = 128 + 127 * torch.randn(POPULATION, pixels, channels, generator=generator)
    return torch.cat([places, colors.clamp(0, 255)], dim=2)


def _children(population: Tensor, generator: torch.Generator) -> Tensor:
    """One child (P, V) for each parent, from three other candidates, all different."""
    flat = population.flatten(1)
    first, second, third = _three_others(len(flat), generator)
    return flat[first] + SCALE * (flat[second] - flat[third])


def _three_others(size: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Draw three different others for each of `size` members, uniformly: as cyclic offsets from itself."""
    first, second, third = (torch.randint(size - k, (size,), generator=generator) for k in (1, 2, 3))
    second = second + (second >= first)
    low, high = torch.minimum(first, second), torch.maximum(first, second)
    third = third + (third >= low)
    third = third + (third >= high)
    own = torch.arange(1, size + 1)
    return (own + first) % size, (own + second) % size, (own + third) % size


def _highest(shape: torch.Size) -> Tensor:
    """Upper limit of each value of a tuple; slightly below the side, so that rounding down stays inside."""
    channels, height, width = shape
    return torch.tensor([height - 1e-3, width - 1e-3] + [255.0] * channels)


def _decode(candidates: Tensor) -> Changes:
    """Decode integer rows, columns and colors."""
    return Changes(places=candidates[..., :2].long(), colors=candidates[..., 2:].round())
