"""Memory that is used again."""

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
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


@pytest.fixture
def impatient():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_share_a_pool_and_no_memory(impatient):
    pool = Pool()

    def work(seed):
        draw = random.Random(seed)
        for _ in range(100):
            mine = [pool.empty(draw.randint(20_000, 400_000), dtype=torch.float32) for _ in range(9)]
            for tensor in mine:
                tensor[:9] = seed
            assert all((tensor[:9] == seed).all() for tensor in mine)
            del mine, tensor

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert pool.in_use == 0
    assert pool.idle == sum(size * len(blocks) for size, blocks in pool.free.items()) <= pool.peak


def test_memory_may_be_given_back_in_the_middle_of_work_on_the_pool():
    pool = Pool()
    tensor = pool.empty(10, SMALL, dtype=torch.float32)
    address = tensor.data_ptr()
    with pool.lock:
        del tensor
        assert not pool.free
    assert pool.empty(10, SMALL, dtype=torch.float32).data_ptr() == address
