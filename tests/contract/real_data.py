"""What eyespot recognizes in folders, files and tables, from the tables that the code uses: docs/real-data.md.

`python -m tests.contract.real_data` writes the page again.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import fill

from eyespot.decoding import FRAMES, MAX_BYTES, MAX_PIXELS
from eyespot.file_formats import BY_SUFFIX, FORMATS, HEIF_SUFFIXES, UNREAD
from eyespot.images import PAD_GRAY
from eyespot.sources import _duplicates as duplicates
from eyespot.sources import _split as split
from eyespot.sources import _table_text as table_text
from eyespot.sources import tags
from eyespot.sources._conventions import MISSING, OWN_FOLDERS, PART_AFFIXES, PART_WORDS, SYSTEM_FOLDERS, UNLABELED_WORDS
from eyespot.sources._examine import NEAR_LIMIT
from eyespot.sources._layout import MEANINGS
from eyespot.sources._suggest import LABELS
from eyespot.sources.assemble import BAD_SHARE
from eyespot.sources.mirror import LOOKED_AT
from eyespot.sources.open import PACKED
from eyespot.sources.source import PARTS
from eyespot.tasks import TASKS
from eyespot.tasks._mirroring import FEWEST, SURE
from eyespot.training._fitting import LITTLE, MILD, UPRIGHT_AND_WIDE
from eyespot.value_range import COMMON, IGNORED, LEAST_USED

PAGE = Path(__file__).parents[2] / "docs" / "real-data.md"
COMMAND = "python -m tests.contract.real_data"

READ_AS = {
    "classes": "`fox/1.jpg`, `owl/2.jpg`",
    "parts": "`train/fox/1.jpg`, `test/owl/2.jpg`",
    "subfolders": "`day/fox/1.jpg`, `night/fox/2.jpg`",
    "classes-with-parts": "`fox/train/1.jpg`, `owl/test/2.jpg`",
    "identities": "`Ada/1.jpg`, `Bob/2.jpg`",
    "unlabeled": "`1.jpg`, `more/2.jpg`",
}
"""An example of each layout."""

SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", " ": "space", "/": "slash"}
SEPARATOR_NAMES |= {"+": "plus sign", "&": "ampersand", "\n": "new line", "\uff0c": "full-width comma"}
SEPARATOR_NAMES |= {"\u3001": "ideographic comma", "\uff1b": "full-width semicolon", "\u060c": "Arabic comma"}


def write_page() -> str:
    """The whole page as Markdown."""
    sections = (_start, _folders, _formats, _values, _shapes, _tables, _labels, _tags, _split, _duplicates, _mirrors)
    blocks = (block for section in sections for block in section().split("\n\n"))
    return "\n\n".join(map(_wrapped, blocks)) + "\n"


def _wrapped(block: str) -> str:
    """A paragraph in lines of at most 120 characters; headings, tables and lists as they are."""
    return block if block.startswith(("#", "|", "1.")) else fill(block, 120, break_on_hyphens=False)


def _start() -> str:
    return f"""# How eyespot reads your files

The rules for folders, image files and tables, with every spelling that is recognized. `eyespot check SOURCE` prints
what was recognized in your own images, and what was left out. Your files are never changed. How to open a source:
[Sources](sources.md). This page is written by `{COMMAND}` from the tables in the code, and checked by
the tests."""


def _folders() -> str:
    layouts = [(f"`{name}`", READ_AS[name], text) for name, text in MEANINGS.items()]
    parts = [(part, _code(words)) for part, words in PART_WORDS.items()]
    own = "; ".join(" with ".join(f"`{name}`" for name in names) for names in OWN_FOLDERS)
    return f"""## Folders

{_table(("layout", "example", "meaning"), layouts)}

The layout is found from the names. Where two layouts are possible, an error lists both with their numbers of images;
choose one with `--layout NAME`, in Python `layout="NAME"`.

{_table(("part", "names of folders, and entries of a column `split`"), parts)}

Case, digits and separators do not matter, nor do these words before or after the name: {_code(PART_AFFIXES)}.
`Training_Set`, `1_train` and `val2017` are therefore parts.

| found | what happens |
|---|---|
| beside parts, a folder named {_code(UNLABELED_WORDS)} | its images have no answers: left out and counted |
| class folders, some of which hold parts of their own | an error that lists both readings |
| beside parts, any other folder | left out and counted, or an error where it may be a class |
| images beside class folders | left out and counted |
| {_code(SYSTEM_FOLDERS)}, names that begin with a dot | left out; images in them are counted |
| folders that eyespot wrote ({own}) | left out; images in them are counted |
| links to folders | followed, except to folders that are read anyway |
| links to files | read like files; a table may not name files outside its folder |
| files that are not images | ignored; counted by suffix in a note |
| archives ({_code(PACKED)}) | not read: unpack them first |"""


def _formats() -> str:
    read = [(kind, _code(suffixes), "yes") for kind, suffixes in FORMATS.items()]
    read += [(kind, _code(suffixes), "only with this suffix") for kind, suffixes in BY_SUFFIX.items()]
    read += [("HEIC", _code(HEIF_SUFFIXES), "with the package `pillow-heif`")]
    reasons = [
        (_code(suffix for suffix in UNREAD if UNREAD[suffix] == reason), reason)
        for reason in dict.fromkeys(UNREAD.values())
    ]
    return f"""## Image files

{_table(("format", "suffixes", "read"), read)}

The content decides about the format, not the suffix: a PNG file named `photo.jpg` is read. A file with
another suffix, or none, is read if its first bytes are those of an image; a note counts such files. Files with these
suffixes are not read, and each is listed as a problem:

{_table(("suffixes", "the file"), reasons)}

| found | what happens |
|---|---|
| orientation set by the camera (EXIF) | the image is turned upright |
| transparency | laid on white |
| several frames or pages ({_code(FRAMES)}) | the first one is used; a note counts the files |
| more than {MAX_PIXELS:,} pixels, or more than {MAX_BYTES >> 20:,} MiB | a problem |
| empty, damaged or unreadable file | a problem |

A problem is listed with its file and reason. If more than {BAD_SHARE:.0%} of the images have problems, the source is
refused."""


def _values() -> str:
    ranges = ", ".join(f"{low:g} to {high:g}" for low, high in COMMON)
    return f"""## Images of more than 8 bits

One value range holds for the whole source and for the model: its lower end becomes black, its upper end white.

1. For each image the lowest and the highest value are found, without the {IGNORED:.1%} of pixels at each end.
2. The range is the smallest of these that holds the values of all images: {ranges}.
3. If less than {_share(LEAST_USED)} of that range is used, or none holds all values, the range goes from the lowest to
   the highest value found.

All images count, test images included: the range is a property of the camera, not of the answers, and no image to be
measured on is clipped by it. `--range LOW,HIGH`, in Python `value_range=(LOW, HIGH)`, sets it.

Colors of 16 bits (PNG, TIFF) are read like gray ones. Of PPM files and of gray PNG files with transparency the upper
8 of 16 bits are read; a note counts them.

A model trained on images of 8 bits reads others from 0 to 65,535, or from 0 to 1 where they are floats. An image beyond
that, or below {_share(LEAST_USED)} of 65,535, is an error: it would be white or black."""


def _shapes() -> str:
    return f"""## Images of other shapes

| rule, in this order | `--fit` |
|---|---|
| cropping removes {LITTLE:.0%} of an image's area or less, on average | `crop`: the middle of the image |
| the aspect ratio of 95% of the images changes by a factor of {MILD:g} or less | `stretch`: both sides are scaled |
| otherwise | `pad`: bars of gray ({PAD_GRAY} of 255) are added |

The network's shape follows from the median area and the median aspect ratio of the training images. It is a square
where at least {UPRIGHT_AND_WIDE:.0%} of them are upright and at least {UPRIGHT_AND_WIDE:.0%} wide. A note gives the
share of the area that is, or would be, removed."""


def _tables() -> str:
    usual = [(f"`{suffix}`", SEPARATOR_NAMES.get(each, "JSON lines")) for suffix, each in table_text.SUFFIXES.items()]
    return f"""## Tables

{_table(("suffix", "usual separator"), usual)}

The first lines decide about the separator: {_named(table_text.SEPARATORS)}. Text is UTF-8, UTF-16 or
UTF-32. A `.json` file may hold a list of objects. Each row names one image in the column `path`; the names of columns
may be in capitals. A task can learn {_code(_answers())}; `group` and `split` decide the parts.
Other columns are chosen with `--column label=NAME`, in Python `columns={{"label": "NAME"}}`. Where no column `path` is
there, an error proposes the column that names the images; for labels, names with {_code(LABELS)} are proposed first.

| found | what happens |
|---|---|
| {_code(sorted(filter(None, MISSING)))} or an empty cell, in any case | the value is missing |
| a row without an answer | left out, as a problem |
| path with backslashes, other case or other Unicode form | the one file that fits is used; a note counts such rows |
| absolute path whose end names a file below the table | that file is used; a note counts such rows |
| path with signs such as `%20`, or that begins with `file:` | read as the path that it stands for |
| path out of the table's folder, web address, or path to no file | a problem |
| the same row twice | read once; a note counts them |
| two rows of one image with different labels or numbers | a problem for each row |
| two rows of one image with different tags | one row with all tags; a note counts them |
| number with a decimal comma (`0,5`) | read, unless each comma may separate thousands (`1,500`) |
| a column of nothing but names of parts that is not used | a note gives the option that uses it |
| a table beside images without class folders | an error that proposes the command to open the table |
| workbook or other file that holds a table ({_code(table_text.OTHER_TABLES)}) | an error: save the table as CSV |"""


def _answers() -> list[str]:
    return [*dict.fromkeys(column for kind in TASKS.values() for column in kind.columns), "paired"]


def _labels() -> str:
    return """## Labels

These are one label; the most frequent spelling stays, and a note lists the spellings:

| differ in | example |
|---|---|
| capitals | `Fox`, `fox` |
| spaces, hyphens, underscores | `red fox`, `red-fox`, `red_fox` |
| spaces before and after, invisible characters, Unicode form, full-width letters | `fox`, `fox ` |
| quotes around it, a period or comma at its end | `fox`, `fox.` |
| notation of a whole number | `1`, `1.0`, `01` |

Labels of a single letter keep their case: `a` and `A` are two labels."""


def _tags() -> str:
    return rf"""## Tags

| cell | read as |
|---|---|
| list of Python, JSON or NumPy | its entries |
| object such as `{{"cat": 1, "dog": 0}}` | the keys of those that are 1 or true |
| {_named(tags.SEPARATORS)} in any cell | separates tags |
| {_named(tags.SOFT_SEPARATORS)} | separates tags where the words between come back in other cells |
| `{tags.NONE}` | the image has none of the tags |
| `cat\|{tags.OPEN}` | of all other tags nothing is known |
| `color:red` | a tag of the group `color`, of which exactly one applies; `10:30` and web addresses are plain tags |
| `red` in a column `{tags.GROUP_COLUMN}color` | the tag `color:red`; an empty cell says nothing of the group |

Several columns, one for each tag (`--column tags=cat,dog`), hold {_code(filter(None, tags.YES))} for yes,
{_code(filter(None, tags.NO))} or nothing for no, and {_code(tags.UNKNOWN)} for not known."""


def _split() -> str:
    shares = split.Shares()
    needed = ", ".join(f"{count} for {PARTS[side]}" for side, count in split.NEEDED.items())
    return f"""## Training, validation and test

| found | what happens |
|---|---|
| training, validation and test parts | used as they are |
| no test part | the validation part is the test part; validation is cut from training |
| no validation part | {shares.validation:.0%} of the training images |
| no parts | {shares.test:.0%} test and {shares.validation:.0%} validation, by a hash of each image |
| a class that would be missing in a part | its images are moved, if there are enough: {needed} |
| images of one `group`, and duplicates | lie in one part together |
| images that were divided before | stay where they are |"""


def _duplicates() -> str:
    return f"""## Duplicates

Images are compared as thumbnails without their mean, scaled to length 1.

| images | duplicates where |
|---|---|
| of any size | the content is the same |
| with both sides of {duplicates.TINY} pixels or more | the distance is at most {duplicates.NEAR:g} |
| with a shorter side | the distance is at most {duplicates.NEAR_TINY:g} |
| nearly flat (deviation below {duplicates.FLAT:g} of 255) | only where the content is the same |
| in sources of more than {NEAR_LIMIT:,} images | only where the content is the same |

Duplicates stay in the source: `eyespot check` lists them, those in two parts and those with two labels first. Where
most images of a class resemble each other, as those of a fixed camera do, they are split by the order of their
names instead."""


def _mirrors() -> str:
    return f"""## Mirror images

Training images are mirrored at random unless a mirror changes the answer. Up to {LOOKED_AT:,} training images decide:
a simple model learns the answers, then sees the mirror images.

| task | not mirrored where |
|---|---|
| `classify` | mirror images of a class are taken for another class |
| `tag` | mirror images with a tag are taken for images without it |
| `regress` | the images do not show whether the number stays or changes its sign |

A difference counts from {SURE:g} standard errors and {FEWEST} images of a class or tag. Small gray images whose classes
are digits or letters are not mirrored either. `--mirror yes`, in Python `mirror="yes"`, or `no` replaces the decision.
For a number, `--task regress:mirror=sign` (or `same`) states what a mirror does to it."""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines).replace("| --- ", "|---").replace("|--- |", "|---|")


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _named(separators: Iterable[str]) -> str:
    return ", ".join(SEPARATOR_NAMES[each] for each in separators)


def _share(value: float) -> str:
    return f"1/{round(1 / value)}"


if __name__ == "__main__":
    PAGE.write_text(write_page())
