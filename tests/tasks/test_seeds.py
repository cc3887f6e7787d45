import torch
from hypothesis import given
from hypothesis import strategies as st

from holdfast.tasks.seeds import address, generator

seeds = st.integers(-(2**70), 2**70)
numbers = st.integers(0, 2**40)
STREAMS = ("training", "validation", "test")


def test_torch_seeds_its_generator_with_32_bits_only():
    """Why addresses have 32 bits: a longer seed would fall back upon a shorter one."""
    short, long = (torch.rand(4, generator=torch.Generator().manual_seed(seed)) for seed in (5, 5 + 2**32))
    assert torch.equal(short, long)


@given(seeds, numbers, seeds, numbers)
def test_streams_never_meet(seed, number, other_seed, other_number):
    training, validation, test = (
        address("training", seed, number),
        address("validation", other_seed, other_number),
        address("test", other_seed, other_number),
    )
    assert training >> 30 == 0
    assert validation >> 30 == 1
    assert test >> 30 == 2


def test_ten_thousand_steps_of_several_runs_have_hardly_a_seed_in_common():
    addresses = {address("training", seed, step) for seed in range(5) for step in range(10_000)}
    assert len(addresses) > 50_000 - 10


def test_neighbouring_steps_are_uncorrelated():
    draws = torch.stack([torch.rand(64, generator=generator("training", 0, step)) for step in range(500)])
    correlation = torch.corrcoef(draws)
    correlation.fill_diagonal_(0)
    assert correlation.abs().max() < 0.65
    assert correlation.mean().abs() < 0.002


def test_the_address_of_a_draw_is_fixed_for_good():
    """Changing these numbers changes the data of every recorded run."""
    assert [address(stream, 0, 0) for stream in STREAMS] == [183569301, 1257311125, 2331052949]
    assert address("training", 1, 17) == 1001383777
