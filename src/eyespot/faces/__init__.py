"""Faces: find them, cut them out alike, and compare them. Networks and weights come from the extra `faces`."""

from ._cluster import CLUSTER_THRESHOLD, b_cubed, cluster_faces
from ._false_accepts import FALSE_ACCEPTS, MEASURED_ON, FalseAccepts
from ._find import POINT_NAMES, Face, embed_faces, find_faces, find_one_face, require_good
from ._gallery import NOBODY, Gallery, Match, check_name
from ._quality import Quality
from ._verify import THRESHOLD, Verification, verify

__all__ = [
    "CLUSTER_THRESHOLD",
    "FALSE_ACCEPTS",
    "MEASURED_ON",
    "NOBODY",
    "POINT_NAMES",
    "THRESHOLD",
    "Face",
    "FalseAccepts",
    "Gallery",
    "Match",
    "Quality",
    "Verification",
    "b_cubed",
    "check_name",
    "cluster_faces",
    "embed_faces",
    "find_faces",
    "find_one_face",
    "require_good",
    "verify",
]
