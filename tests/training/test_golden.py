"""The loss curve of a small training, as text: whoever changes it, changes how everybody's networks are trained.

Made by: EYESPOT_GOLDEN=write python -m pytest tests/training/test_golden.py
"""

import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "loss-of-stripes.txt"
TOLERANCE = 2e-4
"""Processors round differently, and eleven steps of training carry that on."""


def test_the_loss_curve_is_the_one_that_was_written_down(trained_run):
    run = trained_run(network="residual", size="tiny", augment="small", epochs=1.5)
    losses = [f"{line['step']} {line['loss']!r}" for line in run.log]
    if os.environ.get("EYESPOT_GOLDEN") == "write":
        GOLDEN.write_text("\n".join(losses) + "\n")
    wanted = [line.split() for line in GOLDEN.read_text().splitlines()]
    found = [line.split() for line in losses]
    assert [step for step, _ in found] == [step for step, _ in wanted]
    for (step, loss), (_, golden) in zip(found, wanted, strict=True):
        assert float(loss) == pytest.approx(float(golden), rel=TOLERANCE), f"step {step}; see the top of this file"
