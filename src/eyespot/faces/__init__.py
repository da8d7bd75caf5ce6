"""Faces: find them, cut them out alike, and compare them. Networks and weights come from the extra `faces`."""

from ._album import MERGE_THRESHOLD, Album, AlbumFace
from ._cluster import CLUSTER_THRESHOLD, b_cubed, cluster_faces
from ._false_accepts import FALSE_ACCEPTS, MEASURED_ON, FalseAccepts
from ._find import POINT_NAMES, Face, embed_faces, find_faces, find_one_face, require_good
from ._gallery import LONGEST_NAME, NOBODY, Gallery, Match, check_name
from ._protocols import PROTOCOLS, measure_protocol, read_protocol
from ._published import require_weights
from ._quality import Quality
from ._rates import Embedded, Photo, embed_photos, error_rates, photos_of
from ._rerender import AgeDecoder, load_decoder, save_rendered, train_decoder
from ._verify import THRESHOLD, Verification, verify

__all__ = [
    "CLUSTER_THRESHOLD",
    "FALSE_ACCEPTS",
    "LONGEST_NAME",
    "MEASURED_ON",
    "MERGE_THRESHOLD",
    "NOBODY",
    "POINT_NAMES",
    "PROTOCOLS",
    "THRESHOLD",
    "AgeDecoder",
    "Album",
    "AlbumFace",
    "Embedded",
    "Face",
    "FalseAccepts",
    "Gallery",
    "Match",
    "Photo",
    "Quality",
    "Verification",
    "b_cubed",
    "check_name",
    "cluster_faces",
    "embed_faces",
    "embed_photos",
    "error_rates",
    "find_faces",
    "find_one_face",
    "load_decoder",
    "measure_protocol",
    "photos_of",
    "read_protocol",
    "require_good",
    "require_weights",
    "save_rendered",
    "train_decoder",
    "verify",
]
