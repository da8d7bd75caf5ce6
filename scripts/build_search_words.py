"""Write `src/eyespot/networks/imagenet_words.txt`: the words of WordNet that stand for classes of ImageNet.

    apt-get download wordnet-base && dpkg -x wordnet-base_*.deb wordnet
    pip download --no-deps timm && unzip timm-*.whl timm/data/_info/imagenet_synsets.txt
    python scripts/build_search_words.py wordnet/usr/share/wordnet timm/data/_info/imagenet_synsets.txt

ImageNet's classes are synsets of WordNet 3.0: `imagenet_synsets.txt` of timm (Apache-2.0) lists them in the order of
the classes, Debian's package `wordnet-base` holds WordNet with its license, which is copied into the file. A word
stands for the classes that have it as a name, and for all classes below its most frequent meaning that has any; below
all its meanings where WordNet does not know which one is frequent. Words for more than half of the classes (entity,
object) are left out: they would find nearly every photo. The format of WordNet's files: `man wndb`.
"""

import argparse
from collections.abc import Collection, Mapping
from itertools import takewhile
from pathlib import Path

OUT = Path(__file__).parents[1] / "src" / "eyespot" / "networks" / "imagenet_words.txt"
CLASSES = 1000
Synsets = Mapping[str, Collection[str]]
"""Names or hypernyms of each synset; a synset is called by its place in WordNet's file, as in ImageNet."""


def main() -> None:
    """Read the files named on the command line and write the words."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wordnet", type=Path, help="folder with data.noun, index.noun and noun.exc")
    parser.add_argument("synsets", type=Path, help="imagenet_synsets.txt")
    arguments = parser.parse_args()
    license_lines, names, hypernyms = read_synsets(arguments.wordnet / "data.noun")
    classes = [number.removeprefix("n") for number in arguments.synsets.read_text().split()]
    words = classes_of_words(classes, names, hypernyms, read_meanings(arguments.wordnet / "index.noun"))
    words |= irregular_plurals(words, arguments.wordnet / "noun.exc")
    lines = [f"# {line}".rstrip() for line in [*TITLE, "", *license_lines]]
    lines += [f"{word}\t{as_ranges(numbers)}" for word, numbers in sorted(words.items())]
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{OUT}: {len(words):,} words, {OUT.stat().st_size:,} bytes")


TITLE = (
    "Words of WordNet 3.0 and the classes of ImageNet (ILSVRC 2012, from 0) that each stands for,",
    "derived by scripts/build_search_words.py. WordNet's license:",
)


def read_synsets(file: Path) -> tuple[list[str], Synsets, Synsets]:
    """The license at the head of data.noun; names and hypernyms of each synset."""
    license_lines, names, hypernyms = [], {}, {}
    for line in file.read_text().splitlines():
        if line.startswith("  "):
            license_lines.append(line.strip().partition(" ")[2].strip())
            continue
        fields = line.partition("|")[0].split()
        end = 4 + 2 * int(fields[3], 16)
        names[fields[0]] = [name.replace("_", " ").casefold() for name in fields[4:end:2]]
        pointers = fields[end + 1 :]
        hypernyms[fields[0]] = [
            pointers[start + 1] for start in range(0, len(pointers), 4) if pointers[start] in ("@", "@i")
        ]
    return license_lines, names, hypernyms


def read_meanings(file: Path) -> dict[str, tuple[bool, list[str]]]:
    """For each word: whether its synsets are ordered by frequency, and the synsets."""
    meanings = {}
    for line in file.read_text().splitlines():
        if not line.startswith(" "):
            word, *fields = line.split()
            synsets = [*takewhile(lambda field: len(field) == 8, reversed(fields))][::-1]
            counted = int(fields[-len(synsets) - 1]) > 0
            meanings[word.replace("_", " ")] = (counted, synsets)
    return meanings


def classes_of_words(
    classes: list[str], names: Synsets, hypernyms: Synsets, meanings: Mapping[str, tuple[bool, list[str]]]
) -> dict[str, set[int]]:
    """The classes that each word stands for."""
    assert len(classes) == CLASSES
    below: dict[str, set[int]] = {}
    for number, synset in enumerate(classes):
        for higher in with_hypernyms(synset, hypernyms):
            below.setdefault(higher, set()).add(number)
    words: dict[str, set[int]] = {}
    for word in sorted({name for synset in below for name in names[synset]}):
        ordered, synsets = meanings[word]
        covered = [below[synset] for synset in synsets if synset in below]
        numbers = set().union(*(covered[:1] if ordered else covered))
        numbers |= {classes.index(synset) for synset in synsets if synset in classes}
        if len(numbers) <= CLASSES // 2:
            words[word] = numbers
    return words


def with_hypernyms(synset: str, hypernyms: Synsets) -> set[str]:
    """A synset and all that is above it."""
    found, waiting = set(), [synset]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += hypernyms[one]
    return found


def irregular_plurals(words: Mapping[str, set[int]], file: Path) -> dict[str, set[int]]:
    """Words such as "wolves", from noun.exc."""
    pairs = [line.replace("_", " ").split()[:2] for line in file.read_text().splitlines() if line.count(" ") == 1]
    return {plural: words[word] for plural, word in pairs if word in words and plural not in words}


def as_ranges(numbers: Collection[int]) -> str:
    """Numbers as text: "7-24,80", consecutive ones together."""
    ordered = sorted(numbers)
    firsts = [number for number in ordered if number - 1 not in numbers]
    lasts = [number for number in ordered if number + 1 not in numbers]
    return ",".join(f"{a}-{b}" if a < b else str(a) for a, b in zip(firsts, lasts, strict=True))


if __name__ == "__main__":
    main()
