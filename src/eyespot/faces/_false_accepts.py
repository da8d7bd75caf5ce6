"""How often two different persons reach a threshold: measured, for the statement beside every verification."""

from dataclasses import dataclass

MEASURED_ON = "128,314 pairs of different persons of Labeled Faces in the Wild (120 persons)"


@dataclass(frozen=True, kw_only=True)
class FalseAccepts:
    """The share of pairs of different persons whose similarity reaches `threshold`, and its 95 % interval."""

    threshold: float
    rate: float
    interval: tuple[float, float]


FALSE_ACCEPTS = (
    FalseAccepts(threshold=0.20, rate=0.122, interval=(0.104, 0.142)),
    FalseAccepts(threshold=0.22, rate=0.0826, interval=(0.0684, 0.097)),
    FalseAccepts(threshold=0.24, rate=0.0535, interval=(0.0434, 0.0641)),
    FalseAccepts(threshold=0.26, rate=0.0336, interval=(0.0265, 0.0416)),
    FalseAccepts(threshold=0.28, rate=0.0201, interval=(0.0153, 0.0258)),
    FalseAccepts(threshold=0.30, rate=0.0116, interval=(0.00829, 0.0159)),
    FalseAccepts(threshold=0.32, rate=0.0065, interval=(0.00424, 0.0098)),
    FalseAccepts(threshold=0.34, rate=0.00367, interval=(0.00204, 0.0065)),
    FalseAccepts(threshold=0.36, rate=0.00202, interval=(0.000812, 0.0044)),
    FalseAccepts(threshold=0.38, rate=0.00112, interval=(0.000285, 0.00317)),
    FalseAccepts(threshold=0.40, rate=0.000655, interval=(0.000107, 0.0023)),
    FalseAccepts(threshold=0.42, rate=0.000351, interval=(1.04e-05, 0.00146)),
    FalseAccepts(threshold=0.44, rate=0.00021, interval=(0, 0.00101)),
    FalseAccepts(threshold=0.46, rate=0.000125, interval=(0, 0.000713)),
    FalseAccepts(threshold=0.48, rate=7.01e-05, interval=(0, 0.000401)),
    FalseAccepts(threshold=0.50, rate=4.68e-05, interval=(0, 0.000268)),
)
"""Measured by `benchmarks/faces.py`; the intervals are those of a bootstrap over persons, since pairs share them."""
