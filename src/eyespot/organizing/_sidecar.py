"""XMP sidecar files: keywords next to an image for photo managers. The image itself is never changed."""

import os
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from ..files import require_folder, write_whole, written
from ..sources.tags import group_of

SUFFIX = ".xmp"
TEMPLATE = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="eyespot">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/">
   <dc:subject><rdf:Bag>{keywords}</rdf:Bag></dc:subject>
   <lr:hierarchicalSubject><rdf:Bag>{paths}</rdf:Bag></lr:hierarchicalSubject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def sidecar_text(tags: Sequence[str]) -> str:
    """XMP document of some tags: `color:red` is the keyword `red`, and `color|red` in the hierarchy of keywords."""
    keywords = [tag[len(group) + 1 :] if (group := group_of(tag)) else tag for tag in tags]
    paths = [f"{group}|{word}" if (group := group_of(tag)) else word for tag, word in zip(tags, keywords, strict=True)]
    return TEMPLATE.format(keywords=_items(keywords), paths=_items(paths))


def sidecar_file(image: str, images: Sequence[str], folder: Path) -> Path:
    """Path of the sidecar file of one of several images: `folder` corresponds to their common folder."""
    common = os.path.commonpath([str(Path(each).absolute().parent) for each in images])
    inside = Path(image).absolute().relative_to(common)
    return folder / inside.with_name(inside.name + SUFFIX)


def write_sidecar(file: Path, tags: Sequence[str]) -> bool:
    """Write a sidecar file; return False, without changing anything, if a different file exists."""
    content = sidecar_text(tags).encode()
    require_folder(file.parent)
    with written(file):
        if file.exists():
            return file.is_file() and file.read_bytes() == content
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
    return True


def _items(texts: Sequence[str]) -> str:
    clean = dict.fromkeys("".join(letter for letter in text if letter.isprintable()) for text in texts)
    return "".join(f"<rdf:li>{escape(text)}</rdf:li>" for text in clean)
