"""Networks: plain torch modules, created by name or from text."""

from .build import NETWORKS, SIZES, Family, build, build_from, describe
from .network import Network, NetworkSpec, Output

__all__ = ["NETWORKS", "SIZES", "Family", "Network", "NetworkSpec", "Output", "build", "build_from", "describe"]
