"""Gymnasium's CarRacing with faster rendering: the same pixels, without drawing outside the visible image."""

import os
import warnings
from typing import Any

import numpy as np

from ..errors import SimulatorError

NEAR = 75.0
"""Visible distance from the car in units: the image corners are 48 away, patches of grass are 24 long."""


def environment_class() -> type[Any]:
    """Return CarRacing, rendered only while its attribute `drawn` is true; raise `SimulatorError` without the extra.

    There is no zoom in the first second, no gauges and no number below them. The imports are local, since the packages
    are an extra.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Box2D's generated code warns; as an error, that would end the process
            import pygame
            from gymnasium.envs.box2d import car_racing as original
    except ImportError as error:
        raise SimulatorError(
            "the simulator CarRacing needs the package gymnasium with Box2D, which is not installed; install it: "
            "pip install 'eyespot[drive]'."
        ) from error

    grass = _grass(original.GRASS_DIM)

    class CarRacing(original.CarRacing):
        drawn = True

        def _render(self, mode: str) -> np.ndarray | None:
            if not self.drawn or self.car is None:
                return None
            self.surf = pygame.Surface((original.WINDOW_W, original.WINDOW_H))
            angle, zoom = -self.car.hull.angle, original.ZOOM * original.SCALE
            x, y = self.car.hull.position
            scroll = pygame.math.Vector2(-zoom * x, -zoom * y).rotate_rad(angle)
            translation = (original.WINDOW_W / 2 + scroll[0], original.WINDOW_H / 4 + scroll[1])
            self._render_road(zoom, translation, angle)
            self.car.draw(self.surf, zoom, translation, angle, False)
            self.surf = pygame.transform.flip(self.surf, False, True)
            return self._create_image_array(self.surf, (96, 96))

        def _render_road(self, zoom: float, translation: tuple[float, float], angle: float) -> None:
            assert self.car is not None
            x, y = self.car.hull.position
            end = original.PLAYFIELD
            field = [(end, end), (end, -end), (-end, -end), (-end, end)]
            self._draw_colored_polygon(self.surf, field, self.bg_color, zoom, translation, angle, clip=False)
            patches = [(patch, self.grass_color) for patch in grass]
            for polygon, color in [*patches, *self.road_poly]:
                if abs(polygon[0][0] - x) < NEAR and abs(polygon[0][1] - y) < NEAR:
                    whole = color if color is self.grass_color else [int(channel) for channel in color]
                    self._draw_colored_polygon(self.surf, polygon, whole, zoom, translation, angle)

    return CarRacing


def _grass(side: float) -> list[list[tuple[float, float]]]:
    """Corners of the lighter patches of grass: every second one in each direction."""
    return [
        [
            (side * x + side, side * y),
            (side * x, side * y),
            (side * x, side * y + side),
            (side * x + side, side * y + side),
        ]
        for x in range(-20, 20, 2)
        for y in range(-20, 20, 2)
    ]
