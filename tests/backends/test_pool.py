"""Memory that is used again."""

import torch

from holdfast.backends.pool import SMALL, Pool


def test_a_batch_of_another_length_uses_the_same_memory():
    pool = Pool()
    longest = pool.empty(100, SMALL, dtype=torch.float32)
    address = longest.data_ptr()
    del longest
    for length in (81, 99, 100, 90):
        assert pool.empty(length, SMALL, dtype=torch.float32).data_ptr() == address


def test_memory_in_use_is_given_to_nobody_else():
    pool = Pool()
    first = pool.empty(100, SMALL, dtype=torch.float32)
    view = first[3:]
    del first
    assert pool.empty(100, SMALL, dtype=torch.float32).data_ptr() + 3 * 4 * SMALL != view.data_ptr()


def test_a_little_memory_is_not_taken_from_a_much_larger_block():
    pool = Pool()
    large = pool.empty(100, SMALL, dtype=torch.float32)
    address = large.data_ptr()
    del large
    assert pool.empty(10, SMALL, dtype=torch.float32).data_ptr() != address


def test_no_more_is_held_than_was_in_use_at_one_time():
    pool = Pool()
    for length in (100, 10, 3, 40):
        pool.empty(length, SMALL, dtype=torch.float32)
        assert pool.idle <= pool.peak
    assert pool.peak == 100 * SMALL * 4
    pool.clear()
    assert pool.idle == 0
    assert not pool.free
