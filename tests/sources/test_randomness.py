"""Random numbers by (seed, epoch, index): equidistributed, independent of the batch, the same everywhere."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eyespot.sources.randomness import hashed, splitmix, uniforms

PLACES = st.integers(0, 2**40)


def test_the_numbers_are_those_of_splitmix64():
    # The first numbers from state 1234567 of Vigna's splitmix64.c, as Rosetta Code lists them.
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert splitmix(np.array([1234567], dtype=np.uint64), 4)[0].tolist() == expected


def test_the_numbers_of_a_sample_are_the_same_on_every_machine():
    # Made by: uniforms(seed=1, epochs=2, indices=3, count=2).
    assert uniforms(1, 2, 3, 2)[0].tolist() == [0.07166370763826013, 0.8633317146052892]


@given(seed=st.integers(-(2**63), 2**63), epoch=PLACES, index=PLACES, others=st.lists(PLACES, max_size=5))
def test_a_sample_draws_the_same_in_every_batch(seed: int, epoch: int, index: int, others: list[int]):
    alone = uniforms(seed, epoch, index, 3)
    within = uniforms(seed, np.array([epoch, *others]), np.array([index, *others]), 3)
    assert (alone[0] == within[0]).all()
    assert (alone >= 0).all()
    assert (alone < 1).all()


def test_seeds_epochs_and_indices_that_lie_side_by_side_have_nothing_in_common():
    seeds = np.concatenate([uniforms(seed, 0, np.arange(100), 4) for seed in range(10)])
    epochs = uniforms(0, np.repeat(np.arange(10), 100), np.tile(np.arange(100), 10), 4)
    for drawn in (seeds, epochs):
        assert abs(drawn.mean() - 0.5) < 0.02
        assert abs(np.corrcoef(drawn, rowvar=False) - np.eye(4)).max() < 0.1
        assert abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < 0.1


def test_epoch_and_index_do_not_stand_for_each_other():
    assert (uniforms(0, 1, 2, 4) != uniforms(0, 2, 1, 4)).all()


def test_a_hash_of_several_numbers_is_the_same_everywhere_and_depends_on_their_order():
    # Made by: hashed(1, 2, 3). `uniforms` is drawn from the same state.
    assert hashed(1, 2, 3).tolist() == [15020427595393229491]
    assert hashed(1, 2) != hashed(2, 1)
    assert hashed(0, np.arange(3)).tolist() == [hashed(0, number)[0] for number in range(3)]
