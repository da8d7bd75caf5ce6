"""What a source tells about itself."""

import numpy as np
import pytest

from eyespot.errors import SourceError
from eyespot.sources import from_arrays, open_source
from eyespot.sources.source import fingerprint, part_of


def test_one_class_only_is_no_classification(class_folder) -> None:
    with pytest.raises(SourceError, match=r"pets: has 1 class \(cat\)"):
        open_source(class_folder(cat=10)).require_classes()
    with pytest.raises(SourceError, match="has 0 class"):
        open_source(class_folder(cat=9) / "cat").require_classes()


def test_a_class_with_one_image_is_named_with_its_file(class_folder) -> None:
    with pytest.raises(SourceError, match=r"class 'dog' has only one image \(.*dog/000\.png\)"):
        open_source(class_folder(cat=10, dog=1)).require_classes()


def test_two_classes_of_two_images_are_enough(class_folder) -> None:
    source = open_source(class_folder(cat=2, dog=2))
    source.require_classes()
    assert {row.values["label"] for part in (source.train, source.validation, source.test) for row in part.rows} == {
        "cat",
        "dog",
    }


def test_a_part_is_found_by_its_name() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (30, 6, 6, 1), dtype=np.uint8)
    source = from_arrays("mine", "made up", stack, [{}] * 30)
    assert len(part_of(source, "all")) == 30 and part_of(source, "test") is source.test
    with pytest.raises(SourceError, match="Did you mean 'test'"):
        part_of(source, "tst")


def test_the_fingerprint_changes_with_the_images_and_not_with_their_order() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (30, 6, 6, 1), dtype=np.uint8)

    def printed(images: np.ndarray) -> str:
        return fingerprint(from_arrays("mine", "made up", images, [{}] * len(images)))

    assert printed(stack) == printed(stack[::-1].copy())
    assert printed(stack) != printed(stack[1:])


def test_a_source_of_a_thousand_images_is_printed_in_one_line():
    source = from_arrays("here", "arrays", np.zeros((1000, 4, 4), np.uint8), [{"label": "a"}] * 1000)
    assert repr(source).startswith("<Source here: arrays, 1,000 images") and "\n" not in repr(source)
    assert repr(source.train) == "Part(name='train')"
