"""The patch: where it lies, how large it is, and that nothing outside of it changes."""

import torch

from eyespot.attacks import attack_many, choose
from tests.attacks.small_models import linear_model, pictures, random_model


def bright_square():
    """Says "b" where the 2 x 2 pixels from row 3 and column 1 on are brighter than nine tenths on average."""
    weight = torch.zeros(2, 6, 6)
    weight[1, 3:5, 1:3] = 10.0
    return linear_model(weight.flatten(1), torch.tensor([10.0 * 4 * 0.9, 0.0]))


def test_the_square_lies_where_the_gradient_is_and_no_other_pixel_changes():
    [found] = attack_many(bright_square(), torch.zeros(1, 1, 6, 6), "patch", settings=choose("patch", pixels=5))
    changed = (found.fooled != found.original).any(2).nonzero()
    assert found.outcome == "fooled"
    assert sorted(zip(*(each.tolist() for each in changed), strict=True)) == [(3, 1), (3, 2), (4, 1), (4, 2)]


def test_a_square_that_is_too_small_fools_nobody():
    [found] = attack_many(bright_square(), torch.zeros(1, 1, 6, 6), "patch", settings=choose("patch", pixels=3))
    assert found.outcome == "resisted" and (found.fooled != found.original).sum() == 1


def test_each_image_has_a_square_of_its_own_which_does_not_depend_on_the_others():
    model, images = random_model(5), pictures(6, seed=5)
    together = attack_many(model, images, "patch", settings=choose("patch", pixels=16))
    alone = attack_many(model, images[3:4], "patch", settings=choose("patch", pixels=16))
    assert (together[3].fooled == alone[0].fooled).all()
    for found in together:
        rows, columns = (found.fooled != found.original).any(2).nonzero()
        assert max(rows.max() - rows.min(), columns.max() - columns.min()) < 4
