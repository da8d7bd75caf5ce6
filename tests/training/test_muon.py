import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eyespot.training._muon import LARGE, LENGTH, Muon, SphereMuon, orthogonal


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 1000))
def test_singular_values_come_near_one_and_directions_stay(rows, columns, seed):
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    turned = left.T @ orthogonal(matrix) @ right.T
    large = values > 0.1 * values.max()  # five rounds do not bring what is nearly zero all the way
    assert (turned.diagonal()[large] > 0.3).all() and (turned.diagonal() < 1.3).all()
    assert (turned - torch.diag(turned.diagonal())).abs().max() < 1e-3


def test_a_step_has_the_length_that_the_formula_says():
    weight = torch.nn.Parameter(torch.zeros(4, 2, 3, 3))
    weight.grad = torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    Muon([weight], lr=0.1).step()
    wanted = -0.1 * LENGTH * 18**0.5 * orthogonal((1.95 * weight.grad).flatten(1))
    assert torch.allclose(weight.detach().flatten(1), wanted, atol=1e-6)


def test_on_a_sphere_matrices_keep_their_length_and_turn_by_the_share_of_the_rate():
    weight = torch.nn.Parameter(torch.full((4, 2, 3, 3), 7.0))
    weight.grad = torch.zeros(4, 2, 3, 3)
    SphereMuon([weight], lr=0.1).step()
    assert weight.detach().norm() == pytest.approx(2.0)  # the root of four rows
    before = weight.detach().clone()
    weight.grad = torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    SphereMuon([weight], lr=0.1).step()
    wanted = before.flatten(1) - 0.1 * orthogonal((1.95 * weight.grad).flatten(1))
    assert torch.allclose(weight.detach().flatten(1), wanted, atol=1e-6)


def test_without_a_gradient_nothing_changes_and_with_one_weights_decay():
    idle, decayed = (torch.nn.Parameter(torch.ones(2, 2)) for _ in range(2))
    decayed.grad = torch.zeros(2, 2)
    Muon([idle, decayed], lr=0.5, weight_decay=0.1).step()
    assert (idle == 1).all()
    assert decayed.detach() == pytest.approx(torch.full((2, 2), 0.95))


def test_large_matrices_alone_are_turned_in_half_precision_and_nearly_as_well():
    def stepped(rows: int, dtype: torch.dtype) -> torch.Tensor:
        weight = torch.nn.Parameter(torch.zeros(rows, 256))
        weight.grad = torch.randn(rows, 256, generator=torch.Generator().manual_seed(0))
        Muon([weight], lr=1 / (LENGTH * 16), dtype=dtype).step()
        return weight.detach()

    assert torch.equal(stepped(LARGE - 1, torch.bfloat16), stepped(LARGE - 1, torch.float32))
    exact, rounded = stepped(LARGE, torch.float32), stepped(LARGE, torch.bfloat16)
    assert rounded.dtype == torch.float32 and not torch.equal(exact, rounded)
    assert torch.linalg.svdvals(rounded)[[0, -1]].tolist() == pytest.approx(
        torch.linalg.svdvals(exact)[[0, -1]].tolist(), abs=0.1
    )
    assert torch.nn.functional.cosine_similarity(exact.flatten(), rounded.flatten(), dim=0) > 0.99
