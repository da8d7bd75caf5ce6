"""The network before the first step."""

import torch


def test_a_whitening_layer_is_made_of_the_training_images(trained_run):
    options = {"network": "airbench", "size": "tiny", "epochs": 0.3, "input": "12x12"}
    runs = [trained_run(folder, **options, seed=seed) for seed, folder in enumerate(("a", "b"))]
    first, other = (run.model.network.stages["whiten"].conv.weight for run in runs)
    half = len(first) // 2
    assert torch.equal(first[:half], -first[half:])
    assert torch.equal(first, other)  # of the images alone, whatever the seed
