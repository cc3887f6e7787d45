"""What the C library does with memory that is freed: give it back to the system, or keep its pages.

A page that comes anew from the system has to be cleared and mapped, and a layer that allocates its buffers at every
call pays for that at every call. Which of the two a user meets depends on the C library and its settings, so both are
measured.
"""

import ctypes

USUAL, KEEPS = "usual", "keeps its pages"

# Parameters of mallopt, from malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def keep_pages() -> bool:
    """From now on, in this process, keep freed pages. False if the C library does not do that (only glibc does)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # Never give memory back from the top of the heap, and never allocate outside of the heap.
    return bool(mallopt(M_TRIM_THRESHOLD, -1)) and bool(mallopt(M_MMAP_MAX, 0))
