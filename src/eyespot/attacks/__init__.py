"""What fools a model: crafted noise, single pixels, everyday changes, and what can be proved against them.

The door      attacking (attack, attack_many); aim → goal: what counts as fooled; methods: all attacks by name;
              settings; victim: the model behind a counter of queries; eight_bit; finding: what came of it
Noise         gradient (FGSM, PGD), minimum_noise, crafted_noise on lbfgs; boundary: their first guesses
Pixels        differential_evolution, pixel_search, every_pixel, all run by searching; pixel_map
Bounds        operator_norms of single layers, lipschitz: their product, intervals
Other ways    everyday changes, unlike images, transfer between models, hardening
The report    planned: what to try; subjects: on which images; report: the work; folder: what is kept;
              summary: rates; sections: what stands beside the attacks; page: the HTML
"""

from .attacking import attack, attack_many
from .methods import ATTACKS, choose
from .pixel_map import PixelMap, pixel_map
from .result import AttackResult

__all__ = ["ATTACKS", "AttackResult", "PixelMap", "attack", "attack_many", "choose", "pixel_map"]
