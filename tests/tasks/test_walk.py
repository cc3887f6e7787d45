"""The order of a training set: fair, addressed by step, and alike in length."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.tasks.walk import POOL, of_similar_length, shuffled


def lengths_of(count):
    return torch.randint(1, 1000, (count,), generator=torch.Generator().manual_seed(count))


def padding(batches, lengths):
    filled = sum(int(lengths[batch].sum()) for batch in batches)
    return 1 - filled / sum(int(lengths[batch].max()) * len(batch) for batch in batches)


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 300), start=st.integers(0, 2000), more=st.integers(1, 700), seed=st.integers(0, 5))
def test_a_walk_is_the_same_wherever_one_joins_it(count, start, more, seed):
    whole = shuffled(count, 0, start + more, seed=seed)
    assert torch.equal(shuffled(count, start, start + more, seed=seed), whole[start:])


@settings(max_examples=60, deadline=None)
@given(count=st.integers(2, 400), batch_size=st.integers(1, 50), pools=st.integers(1, 4), seed=st.integers(0, 5))
def test_pools_hold_what_the_walk_holds(count, batch_size, pools, seed):
    """So nothing is lost, and nothing comes twice before all has come once, up to a place in a pool."""
    lengths = lengths_of(count)
    batches = pools * max(1, min(POOL, count // batch_size))
    seen = torch.cat([of_similar_length(lengths, step, batch_size, seed=seed) for step in range(batches)])
    assert torch.equal(seen.sort().values, shuffled(count, 0, batches * batch_size, seed=seed).sort().values)


@pytest.mark.parametrize(("count", "batch_size"), [(640, 32), (64_000, 64)])
def test_an_epoch_of_whole_pools_shows_every_example_once(count, batch_size):
    lengths = lengths_of(count)
    for epoch in range(2):
        steps = range(epoch * count // batch_size, (epoch + 1) * count // batch_size)
        seen = torch.cat([of_similar_length(lengths, step, batch_size, seed=3) for step in steps])
        assert torch.equal(seen.sort().values, torch.arange(count))


@pytest.mark.parametrize(("count", "batch_size"), [(2430, 32), (331, 20), (60, 7)])
def test_no_example_meets_itself_except_where_one_epoch_meets_the_next(count, batch_size):
    lengths = lengths_of(count)
    batches = [of_similar_length(lengths, step, batch_size, seed=0) for step in range(10 * count // batch_size)]
    twice = [batch for batch in batches if len(batch.unique()) < batch_size]
    assert len(twice) <= 10


@pytest.mark.parametrize("count", [2430, 22_500])
def test_batches_are_alike_in_length_and_their_order_is_not(count):
    lengths = lengths_of(count)
    batches = [of_similar_length(lengths, step, 32, seed=0) for step in range(2 * count // 32)]
    assert padding(batches, lengths) < 0.06
    chance = shuffled(count, 0, 32 * len(batches), seed=0).view(-1, 32)
    assert padding(chance, lengths) > 0.4
    means = torch.stack([lengths[batch].float().mean() for batch in batches])
    assert torch.corrcoef(torch.stack([means[1:], means[:-1]]))[0, 1].abs() < 0.2


def test_another_seed_and_another_epoch_make_other_batches():
    lengths = lengths_of(640)
    first = {tuple(of_similar_length(lengths, step, 32, seed=0).tolist()) for step in range(20)}
    later = {tuple(of_similar_length(lengths, step, 32, seed=0).tolist()) for step in range(20, 40)}
    other = {tuple(of_similar_length(lengths, step, 32, seed=1).tolist()) for step in range(20)}
    assert not first & later
    assert not first & other
