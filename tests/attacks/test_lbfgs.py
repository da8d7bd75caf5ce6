"""The batched minimiser against scipy's L-BFGS-B, problem by problem, and against answers known by hand."""

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from eyespot.attacks._lbfgs import minimize


def bowls(seed: int, rows: int = 5, values: int = 12) -> tuple[Tensor, Tensor]:
    """Symmetric positive matrices (rows, values, values) and centers (rows, values), some of them outside the box."""
    generator = torch.Generator().manual_seed(seed)
    roots = torch.randn(rows, values, values, generator=generator, dtype=torch.float64)
    matrices = roots @ roots.mT / values + 0.1 * torch.eye(values, dtype=torch.float64)
    return matrices, torch.randn(rows, values, generator=generator, dtype=torch.float64) + 0.5


def bowl(matrices: Tensor, centers: Tensor):
    def function(point: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        away = point - centers[which]
        slope = torch.einsum("nij,nj->ni", matrices[which], away)
        return (away * slope).sum(1) / 2, slope

    return function


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_row_ends_where_scipy_ends(seed: int):
    matrices, centers = bowls(seed)
    found = minimize(bowl(matrices, centers), torch.full((5, 12), 0.5, dtype=torch.float64), evaluations=300)
    for row in range(5):
        one = bowl(matrices[row : row + 1], centers[row : row + 1])

        def value_and_slope(point: np.ndarray, one=one) -> tuple[float, np.ndarray]:
            value, slope = one(torch.from_numpy(point)[None], torch.tensor([0]))
            return value.item(), slope[0].numpy()

        peer = scipy.optimize.minimize(
            value_and_slope,
            np.full(12, 0.5),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, 1)] * 12,
            options={"ftol": 1e-14, "gtol": 1e-9},
        )
        assert found.value[row].item() == pytest.approx(peer.fun, abs=1e-6)
        np.testing.assert_allclose(found.point[row].numpy(), peer.x, atol=2e-3)


def test_points_stay_in_the_box():
    seen = []

    def function(point: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(point.clone())
        return ((point - 3) ** 2).sum(1), 2 * (point - 3)

    found = minimize(function, torch.rand(4, 7, dtype=torch.float64), evaluations=30)
    assert min(point.min() for point in seen) >= 0 and max(point.max() for point in seen) <= 1
    assert torch.equal(found.point, torch.ones(4, 7, dtype=torch.float64))


def test_rows_do_not_touch_one_another():
    matrices, centers = bowls(3)
    start = torch.full((5, 12), 0.5, dtype=torch.float64)
    together = minimize(bowl(matrices, centers), start.clone(), evaluations=40)
    alone = minimize(bowl(matrices[2:3], centers[2:3]), start[2:3].clone(), evaluations=40)
    torch.testing.assert_close(together.point[2], alone.point[0], atol=1e-9, rtol=0)
    assert together.evaluations[2] == alone.evaluations[0]


def test_evaluations_are_counted_and_bounded():
    matrices, centers = bowls(4)
    calls = torch.zeros(5, dtype=torch.long)
    inner = bowl(matrices, centers)

    def function(point: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        calls[which] += 1
        return inner(point, which)

    found = minimize(function, torch.full((5, 12), 0.5, dtype=torch.float64), evaluations=6)
    assert torch.equal(found.evaluations, calls)
    assert calls.max() == 6


def test_a_curved_valley_is_followed():
    """Rosenbrock's function of two values inside [0, 2]: its minimum is (1, 1)."""

    def function(point: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        given = point.clone().requires_grad_(True)
        value = (1 - given[:, 0]) ** 2 + 100 * (given[:, 1] - given[:, 0] ** 2) ** 2
        return value.detach(), torch.autograd.grad(value.sum(), given)[0]

    start = torch.tensor([[0.1, 1.9], [2.0, 0.0]], dtype=torch.float64)
    found = minimize(function, start, upper=2.0, evaluations=200, tolerance=1e-8)
    torch.testing.assert_close(found.point, torch.ones(2, 2, dtype=torch.float64), atol=1e-3, rtol=0)


def test_a_start_where_the_function_is_not_finite_is_left_alone():
    def function(point: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        return torch.full((len(point),), torch.nan, dtype=point.dtype), point

    found = minimize(function, torch.full((1, 3), 0.5, dtype=torch.float64), evaluations=10)
    assert found.evaluations.item() == 1 and not found.converged.item()
