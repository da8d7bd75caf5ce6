"""Near duplicates and odd ones: found where they were put, and nowhere else."""

import numpy as np

from eyespot.measures._similarity import near_pairs, nearest, odd_ones


def cloud(count: int = 60) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 12))


def test_a_copy_with_a_little_noise_is_a_near_duplicate():
    numbers = cloud()
    numbers[40] = numbers[7] + 0.02
    assert [(a, b) for a, b, _ in near_pairs(*nearest(numbers))] == [(7, 40)]


def test_strength_alone_makes_no_difference():
    numbers = cloud()
    numbers[40] = 3 * numbers[7]
    assert [(a, b) for a, b, _ in near_pairs(*nearest(numbers))] == [(7, 40)]


def test_an_image_far_from_all_others_is_odd():
    random = np.random.default_rng(1)
    numbers = np.ones((50, 12)) + random.normal(scale=0.1, size=(50, 12))
    numbers[31] = -1.0
    found = odd_ones(nearest(numbers)[0])
    assert found[0][0] == 31 and found[0][1] > 20 > 10 > max([score for _, score in found[1:]], default=0)


def test_two_images_are_enough_to_ask():
    distances, neighbors = nearest(cloud(2))
    assert distances.shape == neighbors.shape == (2, 1)
    assert near_pairs(distances, neighbors) == [] and odd_ones(distances) == []
