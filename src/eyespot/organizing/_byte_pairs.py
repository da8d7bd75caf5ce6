"""The byte-pair encoding of CLIP: text as numbers of a vocabulary (Radford et al. 2021, arXiv 2103.00020).

Own code, because the package `tokenizers` requires a client for downloads, and eyespot downloads nothing.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ..errors import SourceError

START, END, WORD_END = "<|startoftext|>", "<|endoftext|>", "</w>"
VOCABULARY, MERGES = "vocab.json", "merges.txt"
WORDS = re.compile(r"'(?:s|t|re|ve|m|ll|d)|[^\W\d_]+|\d|(?:[^\w\s]|_)+")
"""What is encoded separately: contractions, words, digits, and other signs."""


def _byte_letters() -> list[str]:
    """A visible character for each byte: its own in Latin-1, or else one from U+0100 on."""
    visible = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte if byte in visible else 256 + hidden.index(byte)) for byte in range(256)]


LETTERS = _byte_letters()


class BytePairs:
    """A tokenizer of a vocabulary and of merges, the most frequent first.

    >>> letters = {letter: number for number, letter in enumerate(["a", "b", "b</w>", "ab</w>", START, END])}
    >>> BytePairs(letters, [("a", "b</w>")]).numbers("AB")
    [4, 3, 5]
    """

    def __init__(self, vocabulary: Mapping[str, int], merges: Sequence[tuple[str, str]]) -> None:
        self.vocabulary = vocabulary
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}
        self.end = vocabulary[END]

    def numbers(self, text: str) -> list[int]:
        """The numbers of a text in small letters, between those of its start and end."""
        pieces = [
            piece for word in WORDS.findall(unicodedata.normalize("NFC", text).lower()) for piece in self._pieces(word)
        ]
        if unknown := sorted({piece for piece in pieces if piece not in self.vocabulary}):
            raise SourceError(f"'{text}': the vocabulary has no '{unknown[0]}'; use other words.")
        return [self.vocabulary[START], *(self.vocabulary[piece] for piece in pieces), self.end]

    def _pieces(self, word: str) -> list[str]:
        parts = [LETTERS[byte] for byte in word.encode()]
        parts[-1] += WORD_END
        while len(parts) > 1:
            rank, place = min(
                (self.ranks.get(pair, len(self.ranks)), place) for place, pair in enumerate(pairwise(parts))
            )
            if rank == len(self.ranks):
                break
            parts[place : place + 2] = ["".join(parts[place : place + 2])]
        return parts


def read_byte_pairs(folder: Path) -> BytePairs:
    """The tokenizer of `vocab.json` and `merges.txt` in a folder; raises `SourceError` if they are not CLIP's."""
    try:
        vocabulary = json.loads((folder / VOCABULARY).read_bytes())
        lines = (folder / MERGES).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SourceError(
            f"{error.filename}: cannot be read ({error.strerror}); the folder needs CLIP's tokenizer, the files "
            f"{VOCABULARY} and {MERGES}."
        ) from error
    except ValueError as error:
        raise SourceError(f"{folder / VOCABULARY}: is damaged ({error}); copy it again.") from error
    if not isinstance(vocabulary, dict) or not {START, END} <= vocabulary.keys():
        raise SourceError(
            f"{folder / VOCABULARY}: has no '{START}' and '{END}'; expected the byte-pair vocabulary of a CLIP model."
        )
    merges = [tuple(line.split()) for line in lines if not line.startswith("#version")]
    return BytePairs(vocabulary, [(pair[0], pair[1]) for pair in merges if len(pair) == 2])
