"""Which samples at which step."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eyespot.training._sampling import permutation, samples_at

small = st.integers(1, 40)


@given(seed=st.integers(0, 2**32), epoch=st.integers(0, 100), count=small)
def test_every_epoch_holds_every_sample_once(seed, epoch, count):
    assert sorted(permutation(seed, epoch, count)) == list(range(count))


@given(batch=st.integers(1, 9), count=small, steps=st.integers(1, 30))
def test_steps_follow_each_other_without_gap_or_repetition(batch, count, steps):
    batch = min(batch, count)
    seen = [pair for step in range(steps) for pair in zip(*samples_at(3, step * batch, batch, count), strict=True)]
    assert len(seen) == len(set(seen)) == steps * batch
    assert [epoch for epoch, _ in seen] == [place // count for place in range(steps * batch)]


def test_epochs_and_seeds_have_orders_of_their_own():
    assert not np.array_equal(permutation(0, 0, 50), permutation(0, 1, 50))
    assert not np.array_equal(permutation(0, 0, 50), permutation(1, 0, 50))
