"""Where anchors and segments may lie, and that they do so."""

import pytest
import torch

from holdfast.objectives import draw_segments

PLACEMENTS = ("immediate past", "random past", "past and future", "following")
ENDS = torch.tensor([12, 7, 30, 1, 2, 4])


def many(placement, ends=ENDS, *, seed=0, number=400, length=3, each="sequence"):
    generator = torch.Generator().manual_seed(seed)
    return draw_segments(ends, number=number, length=length, placement=placement, each=each, generator=generator)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_anchor_and_segment_lie_within_their_sequence(placement):
    found = many(placement)
    ends = ENDS.unsqueeze(1)
    assert found.anchors.shape == found.starts.shape == found.lengths.shape == (len(ENDS), 400)
    assert (found.anchors >= 1).all()
    assert (found.anchors <= ends).all()
    assert (found.starts >= 0).all()
    assert (found.starts + found.lengths + 1 <= ends).all()


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_a_segment_has_the_length_asked_for_or_what_the_sequence_holds(placement):
    assert many(placement).lengths[:, 0].tolist() == [3, 3, 3, 0, 1, 3]


def distances(placement, end=30, length=3):
    """(anchor - start) of each segment, and the anchors, of a sequence that holds all of them."""
    found = many(placement, torch.tensor([end]), number=20_000, length=length)
    return (found.anchors - found.starts)[0], found.anchors[0]


def test_the_immediate_past_ends_with_the_anchors_token():
    distance, anchors = distances("immediate past")
    assert set(distance.tolist()) == {4}
    assert set(anchors.tolist()) == set(range(4, 31))


def test_the_random_past_lies_anywhere_before_the_anchor_and_never_beyond_it():
    distance, anchors = distances("random past")
    assert set(anchors.tolist()) == set(range(4, 31))
    assert set(distance.tolist()) == set(range(4, 31))
    assert set(distance[anchors == 9].tolist()) == set(range(4, 10))


def test_past_and_future_begins_before_the_anchor_or_with_its_token_and_may_run_past_it():
    distance, anchors = distances("past and future")
    assert set(anchors.tolist()) == set(range(1, 31))
    assert set(distance[anchors == 9].tolist()) == set(range(1, 10))
    assert (distance < 4).any()
    assert set(distance[anchors == 1].tolist()) == {1}
    assert set(distance[anchors == 30].tolist()) == set(range(4, 31))


def test_what_follows_begins_with_the_anchors_token():
    distance, anchors = distances("following")
    assert set(distance.tolist()) == {1}
    assert set(anchors.tolist()) == set(range(1, 28))


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_anchors_are_uniform(placement):
    _, anchors = distances(placement)
    counts = anchors.bincount()[anchors.min() :].double()
    share = counts / counts.sum()
    spread = (share * (1 - share) / len(anchors)).sqrt()
    assert ((share - 1 / len(counts)).abs() < 5 * spread).all()


def test_a_draw_is_a_function_of_the_generator_alone():
    first, again, other = (many("past and future", seed=seed) for seed in (1, 1, 2))
    torch.rand(5)
    assert torch.equal(first.anchors, again.anchors)
    assert torch.equal(first.starts, again.starts)
    assert not torch.equal(first.anchors, other.anchors)


def test_sequences_draw_for_themselves_or_once_for_the_batch():
    ends = torch.full((8,), 500)
    own, shared = (many("past and future", ends, each=each, number=2) for each in ("sequence", "batch"))
    assert len(own.anchors[:, 0].unique()) > 4
    assert len(shared.anchors.unique(dim=0)) == len(shared.starts.unique(dim=0)) == 1


def test_a_batch_draw_suits_ragged_sequences_too():
    found = many("past and future", each="batch")
    assert (found.anchors <= ENDS.unsqueeze(1)).all()
