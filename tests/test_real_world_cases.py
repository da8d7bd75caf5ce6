"""Fifty-two inputs on which earlier versions went wrong silently, or failed, and the tests that cover each of them.

Every case was made after a public bug report or question. `CASES` names what was given and the tests of the required
behavior; the tests of cases that no other file covers are below the table.
"""

import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import eyespot
from eyespot.cli._app import run

TESTS = Path(__file__).parent
HERE = "test_real_world_cases.py"
IMAGES, ARRAYS = "test_images.py", "sources/test_arrays.py"
LAYOUT, LABELS, TABLES = "sources/test_layout.py", "sources/test_labels.py", "sources/test_table_forms.py"
RANGE, SIMILAR, UNSEEN = "sources/test_value_range.py", "sources/test_resemblance.py", "cli/test_unseen.py"
SEPARATORS = f"{TABLES}::test_separators_quotes_slashes_and_encodings"
CASES: dict[str, tuple[str, ...]] = {
    "01 class named train": (f"{LAYOUT}::test_a_class_called_like_a_part_stays_a_class",),
    "02 training_set, test_set": (
        f"{LAYOUT}::test_folders_named_like_parts_that_hold_class_folders_are_parts",
        f"{LAYOUT}::test_parts_of_unknown_names_are_asked_about",
    ),
    "03 holdout beside train": (
        f"{LAYOUT}::test_common_spellings_are_parts",
        f"{LAYOUT}::test_folders_beside_parts_that_are_no_parts_are_counted",
    ),
    "04 table beside images": (
        f"{LAYOUT}::test_a_table_beside_unlabeled_images_is_asked_about_with_its_command",
        f"{LAYOUT}::test_a_table_that_is_not_read_is_named",
        f"{LAYOUT}::test_no_task_is_guessed_for_images_without_labels",
    ),
    "05 test folder without labels": (f"{LAYOUT}::test_unlabeled_images_of_a_part_are_left_out_and_counted",),
    "06 Validate and query": (f"{LAYOUT}::test_common_spellings_are_parts",),
    "07 class in AVIF": (
        f"{IMAGES}::test_every_format_that_pillow_decodes_itself_is_read",
        f"{LAYOUT}::test_images_are_known_by_their_content_whatever_their_suffix",
    ),
    "08 signed GPS values": (f"{IMAGES}::test_malformed_metadata_of_a_turned_image_does_not_make_it_unreadable",),
    "09 PNG with long text": (f"{IMAGES}::test_what_is_stored_beside_the_pixels_of_a_png_does_not_make_it_unreadable",),
    "10 PNG with large profile": (
        f"{IMAGES}::test_what_is_stored_beside_the_pixels_of_a_png_does_not_make_it_unreadable",
        f"{IMAGES}::test_a_damaged_color_profile_of_a_jpeg_does_not_make_it_unreadable",
    ),
    "11 one brighter pixel": (f"{RANGE}::test_one_range_holds_for_all_images_of_a_source_and_is_reported",),
    "12 12 bits in 16": (
        f"{RANGE}::test_12_bits_in_16_keep_their_levels",
        f"{IMAGES}::test_colors_of_16_bits_keep_all_of_them",
        f"{IMAGES}::test_a_dark_16_bit_picture_of_an_unknown_range_is_refused_and_read_by_a_known_one",
        "cli/test_value_range.py::test_explain_reads_an_image_by_the_stored_range",
        "cli/test_value_range.py::test_attack_reads_an_image_by_the_stored_range",
    ),
    "13 infinity in a TIFF": (f"{RANGE}::test_single_pixels_infinities_and_nan_do_not_count",),
    "14 arrows": (
        "training/test_mirroring.py::test_classes_that_a_mirror_exchanges_are_not_mirrored_whatever_they_are_called",
    ),
    "15 numbers around zero": (
        "training/test_mirroring.py::test_a_number_changes_its_sign_only_where_the_images_show_it",
    ),
    "16 labels in two cases": (f"{LABELS}::test_spellings_of_one_label_are_one_class_and_are_reported",),
    "17 tags with spaces": (f"{LABELS}::test_tags_are_read_however_they_are_separated",),
    "18 missing label as nan": (f"{LABELS}::test_words_for_a_missing_value_are_no_class",),
    "19 one row for each tag": (
        f"{LABELS}::test_one_row_for_each_tag_is_joined",
        f"{LABELS}::test_rows_that_give_one_image_two_labels_are_problems",
    ),
    "20 quotes after a space": (SEPARATORS,),
    "21 fixed camera": (f"{SIMILAR}::test_a_fixed_camera_never_takes_a_class_from_a_part",),
    "22 fixed camera, two classes": (
        f"{SIMILAR}::test_a_fixed_camera_never_takes_a_class_from_a_part",
        f"{SIMILAR}::test_a_class_without_test_images_is_reported_first",
    ),
    "23 one group for all": (f"{SIMILAR}::test_one_group_for_all_is_named_as_the_reason",),
    "24 own split shares images": (f"{SIMILAR}::test_test_images_that_are_training_images_are_known",),
    "25 one more image": (
        f"{UNSEEN}::test_evaluate_leaves_them_out_after_a_picture_was_added_and_the_cache_is_gone",
        f"{UNSEEN}::test_attack_leaves_them_out",
        f"{UNSEEN}::test_curve_leaves_them_out",
    ),
    "26 cache emptied": ("sources/test_known.py::test_a_run_divides_its_images_as_before_when_the_cache_is_gone",),
    "27 saved in another format": (f"{UNSEEN}::test_evaluate_leaves_them_out_when_they_are_saved_in_another_format",),
    "28 sign at the side": ("training/test_fitting.py::test_signs_at_the_side_of_wide_images_stay_in_the_image",),
    "29 large offset": ("tasks/test_regress.py::test_a_large_offset_loses_no_digit",),
    "30 number too large": (
        "tasks/test_regress.py::test_a_number_that_cannot_be_meant_is_named_with_the_range_of_the_others",
    ),
    "31 numbers of photos": ("tasks/test_regress.py::test_a_probe_in_double_precision_can_use_the_loss",),
    "32 name that is not UTF-8": (
        f"{RANGE}::test_a_name_that_is_not_utf_8_is_left_out_with_escapes",
        f"{HERE}::test_a_training_on_a_real_folder_ends_with_model_and_report",
    ),
    "33 tags that cannot be judged": (
        "tasks/test_tag.py::test_where_no_tag_can_be_judged_the_score_is_not_available_anywhere",
    ),
    "34 pair of unequal size": (f"{RANGE}::test_a_pair_of_unequal_size_is_left_out_naming_both_files",),
    "35 deep check of four": (
        "measures/test_data_audit.py::test_too_few_images_for_a_deep_look_are_an_error",
        "measures/test_data_audit.py::test_a_class_of_one_image_is_listed_and_no_obstacle",
    ),
    "36 clean images replaced": ("sources/test_paired.py::test_a_replaced_paired_image_changes_the_fingerprint",),
    "37 backslashes": (SEPARATORS,),
    "38 absolute paths": (
        f"{TABLES}::test_absolute_paths_below_the_table_are_read_and_others_named",
        f"{TABLES}::test_addresses_and_escaped_paths",
    ),
    "39 nested column": (f"{TABLES}::test_long_cells_and_nested_columns_are_no_reason_to_refuse",),
    "40 long cell": (f"{TABLES}::test_long_cells_and_nested_columns_are_no_reason_to_refuse",),
    "41 tabs in .csv": (SEPARATORS, f"{TABLES}::test_further_forms_of_tables_are_read"),
    "42 one column for each tag": (f"{LABELS}::test_columns_of_zeros_and_ones_are_tags_where_chosen",),
    "43 semicolons": (
        f"{TABLES}::test_a_semicolon_table_whose_header_holds_a_comma",
        f"{LABELS}::test_decimal_commas_are_read_where_they_are_clear",
    ),
    "44 check passes, train refuses": (
        "cli/test_check.py::test_check_reports_the_error_with_which_train_refuses",
        "cli/test_check.py::test_rows_without_an_answer_are_named_and_all_wrong_ones_listed",
        "cli/test_check.py::test_all_classes_of_one_image_are_named_at_once",
    ),
    "45 one bad image among many": (
        "cli/test_predict.py::test_every_good_image_is_answered_and_every_bad_one_named",
        "cli/test_predict.py::test_folders_patterns_and_lists_name_images",
    ),
    "46 labels as floats": (f"{ARRAYS}::test_whole_numbers_stored_as_floats_may_be_classes_and_need_a_named_task",),
    "47 Pillow image and tensor": (
        f"{HERE}::test_a_model_takes_images_in_every_form_and_names_the_others",
        f"{ARRAYS}::test_pillow_images_are_read_like_files_with_transparency_on_white",
    ),
    "48 order of train_test_split": (f"{ARRAYS}::test_arrays_that_do_not_fit_are_refused",),
    "49 thumbnails of a NAS": (
        f"{LAYOUT}::test_folders_that_systems_write_are_passed_over_and_counted",
        f"{HERE}::test_a_training_on_a_real_folder_ends_with_model_and_report",
    ),
    "50 linked subfolder": (
        f"{LAYOUT}::test_links_to_folders_are_followed_and_loops_are_not",
        f"{HERE}::test_a_training_on_a_real_folder_ends_with_model_and_report",
    ),
    "51 report inside the source": (
        f"{LAYOUT}::test_folders_that_eyespot_wrote_are_passed_over_and_counted",
        f"{HERE}::test_a_training_on_a_real_folder_ends_with_model_and_report",
    ),
    "52 two forms of an accent": (f"{LABELS}::test_two_forms_of_an_accent_in_folder_names_are_one_class",),
}


def test_every_case_is_covered_by_a_test_that_exists() -> None:
    assert [name[:2] for name in CASES] == [f"{number:02}" for number in range(1, 53)]
    for case, tests in CASES.items():
        for file, _, name in (test.partition("::") for test in tests):
            assert re.search(rf"^def {name}\(", (TESTS / file).read_text("utf-8"), re.MULTILINE), (
                f"{case}: {file} {name}"
            )


def picture(number: int) -> Image.Image:
    """A coarse pattern, dark or bright, that no other number gives."""
    low = 100 * (number % 2)
    return Image.fromarray(np.random.default_rng(number).integers(low, low + 150, (8, 8, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as people have it: thumbnails of a NAS, a linked folder, a name that is not UTF-8, a run inside."""
    root = tmp_path_factory.mktemp("real")
    for number in range(40):
        file = root / ("elsewhere" if number < 6 else "photos") / ("dark", "bright")[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(file)
    (root / "photos" / "dark" / "linked").symlink_to(root / "elsewhere" / "dark", target_is_directory=True)
    (root / "photos" / "bright" / "linked").symlink_to(root / "elsewhere" / "bright", target_is_directory=True)
    (root / "photos" / "dark" / "@eaDir").mkdir()
    picture(50).save(root / "photos" / "dark" / "@eaDir" / "SYNOPHOTO_THUMB.png")
    picture(51).save(root / "photos" / "dark" / "0.png")
    (root / "photos" / "dark" / "0.png").rename(root / "photos" / "dark" / os.fsdecode(b"caf\xe9.png"))
    words = [
        "--epochs",
        "1",
        "--precision",
        "float32",
        "--start",
        "scratch",
        "--network",
        "conv 2@3x3, relu, flatten, dense",
    ]
    assert run(["train", str(root / "photos"), "--out", str(root / "photos" / "run"), "--quiet", *words]) == 0
    return root


def test_a_training_on_a_real_folder_ends_with_model_and_report(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (place / "photos" / "run" / "model.safetensors").is_file()
    assert "caf\\xe9.png" in (place / "photos" / "run" / "report" / "index.html").read_text("utf-8")
    picture(60).save(place / "photos" / "run" / "fooled.png")
    assert run(["check", str(place / "photos")]) == 0
    shown = capsys.readouterr().err
    assert "40 images" in shown and "2 classes (bright, dark)" in shown
    assert "1 in system folders, such as @eaDir" in shown and "1 that cannot be used" in shown
    assert "1 in folders written by eyespot" in shown


def test_a_model_takes_images_in_every_form_and_names_the_others(place: Path) -> None:
    model = eyespot.load(place / "photos" / "run" / "model.safetensors")
    file = place / "photos" / "dark" / "8.png"
    pixels = np.asarray(Image.open(file))
    tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
    forms = [
        file.read_bytes(),
        io.BytesIO(file.read_bytes()),
        Image.open(file),
        pixels,
        tensor,
        tensor / 255,
        tensor[None],
    ]
    expected = model.predict(file)
    for form in forms:
        assert model.predict(form) == expected, type(form)
    for other in (3.5, object(), {"image": file}, np.zeros((2, 8, 8, 3), np.uint8), np.full((8, 8, 3), 300.0)):
        with pytest.raises(eyespot.EyespotError):
            model.predict(other)
