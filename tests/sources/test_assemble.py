"""From rows to three parts: what is remembered, what is left out, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import Source, from_arrays, open_source
from eyespot.sources._examine import content_key


def sides(source: Source) -> dict[str, str]:
    return {row.name: part.name for part in source.parts for row in part.rows}


def test_adding_pictures_moves_no_old_one(class_folder, photo) -> None:
    root = class_folder(cat=14, dog=4)
    before = sides(open_source(root))
    for number in range(30):
        (root / "dog" / f"new {number}.png").write_bytes(encode_png(photo(1000 + number)))
    after = sides(open_source(root))
    assert len(after) == 48 and {name: after[name] for name in before} == before


def test_taking_pictures_away_moves_no_other_one_and_bringing_them_back_neither(class_folder) -> None:
    root = class_folder(cat=14, dog=6)
    before = sides(open_source(root))
    kept = (root / "dog" / "000.png").read_bytes()
    (root / "dog" / "000.png").unlink()
    assert sides(open_source(root)) == {name: side for name, side in before.items() if name != "dog/000.png"}
    (root / "dog" / "000.png").write_bytes(kept)
    assert sides(open_source(root)) == before


def test_a_moved_folder_is_divided_alike(class_folder, tmp_path: Path) -> None:
    root = class_folder(cat=20, dog=20)
    before = sides(open_source(root))
    assert sides(open_source(root.rename(tmp_path / "elsewhere"))) == before


def test_a_near_copy_goes_where_its_original_lies(class_folder, photo) -> None:
    root = class_folder(cat=20, dog=20)
    before = sides(open_source(root))
    pictures = [name for name in before if name.startswith("cat")][:6]
    for name in pictures:
        near = np.clip(photo(int(name[4:7]) + 1, 24, 24).astype(int) + 6, 0, 255).astype(np.uint8)
        (root / "cat" / f"near {name[4:]}").write_bytes(encode_png(near))
    after = sides(open_source(root))
    assert all(after[f"cat/near {name[4:]}"] == before[name] for name in pictures)


def test_a_new_picture_that_would_join_two_parts_is_left_out_and_named(tmp_path: Path, photo) -> None:
    for number in range(12):
        (tmp_path / f"{number}.png").write_bytes(encode_png(photo(number, 24, 24)))

    def table(*more: str) -> Path:
        lines = [f"{number}.png,person {number}" for number in range(12)]
        (tmp_path / "t.csv").write_text("\n".join(["path,group", *lines, *more]))
        return tmp_path / "t.csv"

    before = sides(open_source(table()))
    one, two = (next(name for name, side in before.items() if side == part) for part in ("train", "test"))
    near = np.clip(photo(int(one[:-4]), 24, 24).astype(int) + 6, 0, 255).astype(np.uint8)
    (tmp_path / "new.png").write_bytes(encode_png(near))
    source = open_source(table(f"new.png,person {two[:-4]}"))
    assert sides(source) == before
    (problem,) = source.problems
    assert problem.name == "new.png" and "would connect two parts" in problem.reason
    assert sides(open_source(table(f"new.png,person {two[:-4]}"))) == before, "and it stays left out"


@given(
    seed=st.integers(0, 10**6),
    first=st.integers(8, 40),
    more=st.integers(0, 40),
    copies=st.lists(st.tuples(st.integers(0, 79), st.integers(0, 79)), max_size=6),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_copies_never_lie_on_two_sides(seed: int, first: int, more: int, copies: list[tuple[int, int]]) -> None:
    count = first + more
    stack = np.random.default_rng(seed).integers(0, 256, (count, 6, 6, 1), dtype=np.uint8)
    for one, two in copies:
        stack[one % count] = stack[two % count]
    source = from_arrays("mine", "made up", stack, [{"label": str(n % 2)} for n in range(count)])
    assert len(source) == count and len(source.train) >= 2
    places: dict[int, set[str]] = {}
    for part in source.parts:
        for key in part.keys.tolist():
            places.setdefault(key, set()).add(part.name)
    assert all(len(names) == 1 for names in places.values())


def test_keys_follow_the_images_into_their_parts() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (50, 6, 6, 1), dtype=np.uint8)
    for part in from_arrays("mine", "made up", stack, [{}] * 50).parts:
        assert [content_key(np.asarray(row.picture)) for row in part.rows] == part.keys.tolist()


def test_too_many_broken_pictures_are_refused_in_one_sentence_that_tells_each(class_folder) -> None:
    root = class_folder(cat=4, dog=4)
    (root / "cat" / "text.jpg").write_bytes(b"no picture")
    (root / "dog" / "nothing.png").write_bytes(b"")
    with pytest.raises(SourceError, match="2 of 10 images cannot be used") as told:
        open_source(root, bad_share=0.0)
    sentence = str(told.value)
    assert "text.jpg: is not an image that can be read; replace it by a JPEG or PNG file" in sentence
    assert "nothing.png: is damaged or not an image (0 bytes" in sentence
    assert sentence.endswith(("file.", "it."))
    assert ".;" not in sentence
    assert ".." not in sentence


def test_a_split_for_some_rows_only_is_refused(tmp_path: Path, photo) -> None:
    for number in range(2):
        (tmp_path / f"{number}.png").write_bytes(encode_png(photo(number)))
    (tmp_path / "t.csv").write_text("path,split\n0.png,train\n1.png,\n")
    with pytest.raises(SourceError, match=r"t\.csv line 3: has no split"):
        open_source(tmp_path / "t.csv")


def test_a_source_of_test_images_only_is_all_test(tmp_path: Path, photo) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(encode_png(photo(number)))
    (tmp_path / "t.csv").write_text("path,split\n0.png,test\n1.png,test\n2.png,test\n")
    source = open_source(tmp_path / "t.csv")
    assert (len(source.train), len(source.test)) == (0, 3)


def test_one_picture_can_be_opened(class_folder) -> None:
    assert len(open_source(class_folder(cat=1))) == 1
