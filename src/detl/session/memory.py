"""Memory that a process frees and asks for again, thousands of times a second."""

import ctypes
import sys

# From the C library's malloc.h, which numbers what can be set.
_TRIM_THRESHOLD, _TOP_PAD, _MOST_MAPPINGS = -1, -2, -4
_NEVER = -1
_TOP_PAD_BYTES = 256 * 2**20


def keep_freed_memory() -> bool:
    """Return whether freed memory stays with this process from now on.

    A training step on a CPU takes and frees tensors of many megabytes, and so does each
    image that is decoded. The allocator of glibc gives such blocks back to the system
    at once, and the system clears each page anew when it is asked for again: measured,
    that takes three tenths of a step, and of an ingest (docs/benchmarks.md). Kept, they
    are reused as they are; what is held at most grew by a twentieth (VGG16 at 64 px),
    and is held until the process ends. Other systems than Linux with glibc have other
    allocators and are left alone.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    settings = (
        (_MOST_MAPPINGS, 0),
        (_TRIM_THRESHOLD, _NEVER),
        (_TOP_PAD, _TOP_PAD_BYTES),
    )
    return all(library.mallopt(name, value) == 1 for name, value in settings)
