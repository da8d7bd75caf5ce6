"""Adversarial attacks, certified bounds, corruptions and the robustness report.

Entry points  attacking (attack, attack_many); methods: all attacks by name; settings: their parameters; victim: the
              model behind a query counter; quantization to 8 bits; result: one attack on one image
Patch         patch: a square of any content
Noise         gradient (FGSM, PGD), minimum_noise, crafted_noise on lbfgs; boundary: their initial guesses
Pixels        differential_evolution, pixel_search, every_pixel, all run by black_box; pixel_map
Bounds        operator_norms of single layers, lipschitz: their product, intervals
Also          corruptions, out_of_distribution, transfer between models
report        planned attacks, candidates, the work, its folder, rates, sections and the HTML page

`settings` is a module of its own because `methods` imports the modules of the attacks, and these import `settings`.
"""

from ._attacking import attack, attack_many
from ._methods import ATTACKS, choose
from ._result import AttackResult
from .pixel_map import PixelMap, pixel_map

__all__ = ["ATTACKS", "AttackResult", "PixelMap", "attack", "attack_many", "choose", "pixel_map"]
