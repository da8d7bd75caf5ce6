"""Networks: plain torch modules, found by name or written as text."""

from .build import NETWORKS, SIZES, Family, build, build_from, describe
from .network import Network, NetworkSpec, Output

__all__ = ["NETWORKS", "SIZES", "Family", "Network", "NetworkSpec", "Output", "build", "build_from", "describe"]
