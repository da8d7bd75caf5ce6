"""What the server says in English, for the tests of the page, which translates it: `python -m tests.serving.sentences`

writes page/tests/sentences.json anew.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .raised import sentences_of
from .said import said

STORED = Path(__file__).parents[2] / "page" / "tests" / "sentences.json"
WATCHED = (
    # Requests of the page.
    "serving/_answer_image_api.py",
    "serving/_attack_api.py",
    "serving/_collection_api.py",
    "serving/_corrections.py",
    "serving/_drive_api.py",
    "serving/_explain_api.py",
    "serving/_faces_api.py",
    "serving/_generate_api.py",
    "serving/_guard.py",
    "serving/_manifest.py",
    "serving/_outcomes_api.py",
    "serving/_plan_review.py",
    "serving/_slow_work.py",
    "serving/_snapshots.py",
    "serving/_training_manager.py",
    "serving/_upload_set.py",
    "serving/app_state.py",
    "serving/resources.py",
    # Explanations and attacks that the page offers.
    "explanations/_attribution.py",
    "explanations/_contributions.py",
    "explanations/_occlusion.py",
    "explanations/_request.py",
    "explanations/_trace.py",
    "explanations/activations.py",
    "explanations/evolution.py",
    "explanations/subject.py",
    "explanations/visualbackprop.py",
    "attacks/_attacking.py",
    "attacks/_settings.py",
    "attacks/pixel_map.py",
    "tasks/criterion.py",
    "tasks/_classify.py#attack_criterion",
    "tasks/_identify.py#attack_criterion",
    "tasks/detect/_detect.py#attack_criterion",
    "tasks/locate/_locate.py#attack_criterion",
    # Pictures, and what says something of them.
    "decoding.py#_read",
    "decoding.py#_checked_size",
    "decoding.py#_explained",
    "images.py",
    "value_range.py#check_inside",
    "sources/_coco.py#read_coco",
    "sources/_examine.py",
    "sources/_joining.py",
    "sources/_table_paths.py",
    "sources/_table_paths.py#_reason",
    "sources/_voc.py",
    "sources/_yolo.py",
    "sources/_drive_logs.py",
    "sources/_video_logs.py",
    "sources/assemble.py",
    "sources/cache.py",
    "sources/source.py",
    "tasks/unanswered.py",
    # Notes on a source.
    "sources/_folder.py",
    "sources/_labels.py",
    "sources/_objects.py#object_notes",
    "sources/_ratings.py",
    "sources/_table.py#_unused_parts",
    "sources/tags.py",
    # What a task says of its training images.
    "tasks/__init__.py#guess_task",
    "tasks/_mirroring.py",
    "tasks/_regress.py#_unusual",
    "tasks/detect/_text.py",
    "tasks/locate/_points.py",
    "tasks/colorize/_hints.py",
    "tasks/task.py#with_noise",
    "tasks/_tag_groups.py",
    "tasks/_tag_groups.py#implication_notes",
    "tasks/_identity_targets.py",
    *(
        f"tasks/{module}.py#{function}"
        for module in ("_classify", "_generate", "_identify", "_rank", "_regress", "_tag", "denoise/_denoise",
                       "colorize/_colorize", "detect/_detect", "locate/_locate")
        for function in ("check_source", "prepare", "read", "notes")
        if sentences_of(f"tasks/{module}.py", function)
    ),
    "tasks/_classify.py#_label",
    # A training: its network, its settings and its notes.
    "networks/arithmetic.py",
    "networks/build.py",
    "networks/network.py#without_head",
    "networks/_classic.py",
    "networks/_dahl.py",
    "networks/_dcgan.py",
    "networks/_denoiser.py",
    "networks/_sliding.py",
    "networks/airbench.py",
    "networks/text.py",
    "networks/text.py#_unreadable",
    "networks/_written.py",
    "training/_first_answer.py",
    "training/_initial_weights.py#_automatic",
    "training/_initial_weights.py#_obstacle",
    "training/_initial_weights.py#_disagreement",
    "training/_run_folder.py",
    "training/_fitting.py#choose_fit",
    "training/decisions.py",
    "training/finish.py",
    "training/options.py",
    "training/plan.py",
    "training/plan.py#_size_note",
    "training/recipe.py#parse_input",
    "training/run.py",
    "training/schedule.py",
    # Faces, drives, photos and studies.
    "faces/_find.py",
    "faces/_gallery.py",
    "simulators/_driver.py",
    "simulators/_environment.py",
    "simulators/_replay.py",
    "simulators/_sticker.py",
    "organizing/_apply.py",
    "organizing/_apply.py#_take",
    "organizing/_apply.py#_put",
    "organizing/_apply.py#_put_back",
    "organizing/_plan.py",
    "organizing/_search.py",
    "organizing/_words.py",
    "studies/_tradeoff.py#_reason",
)  # fmt: skip
"""Modules, and functions of them (after #), whose sentences reach the page."""


PIECES = (
    "7 of 7 numbers lie far from the others. 77. If it stands for a missing number, leave its cell empty.",
    "77. Correct it or remove the row.",
    "every tag of '7' implies one of '7'",
    "creativity is 0",
    "the images have no styles",
    "7: a point that is found may count for either",
    "it has no 7, which the task needs; 7.",
    "it takes 7; these have 7. Take 'residual', or convert them.",
    "Layer 7, '7', cannot be read; expected '7'7.",
    "probe: validation 7",
    "images are cropped to the shape 7: 7, is cut away",
    "images are stretched to the shape 7, so that nothing is cut away (cropping: 7)",
    "images get gray bars up to the shape 7, so that nothing is cut away (cropping: 7)",
    "7; 7 changes that",
    "7 is 7; give a number 7 7.",
    "7 within the budget; 7",
)
"""Pieces of sentences that are made whole in `said`, where their other pieces are known."""


def sentences() -> Mapping[str, Any]:
    """All sentences by where they are made."""
    listed = {}
    for place in WATCHED:
        module, _, inside = place.partition("#")
        listed[place] = [one for one in sentences_of(module, inside or None) if one not in PIECES]
    return {**{place: found for place, found in listed.items() if found}, **said()}


if __name__ == "__main__":
    STORED.write_text(json.dumps(sentences(), indent=1, ensure_ascii=False) + "\n")
