"""Philox 4x32-10 in numpy, and the words of a stream in the order of csrc/core/philox.h."""

import numpy as np

MASK = np.uint64(0xFFFFFFFF)


def blocks(seed, counters):
    a, b = counters & MASK, counters >> np.uint64(32)
    c = d = np.zeros_like(counters)
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p, q = a * np.uint64(0xD2511F53), c * np.uint64(0xCD9E8D57)
        a, b, c, d = (
            (q >> np.uint64(32)) ^ b ^ np.uint64(key[0]),
            q & MASK,
            (p >> np.uint64(32)) ^ d ^ np.uint64(key[1]),
            p & MASK,
        )
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack([a, b, c, d], -1)


def words(seed, n):
    """The first n words of the stream of a seed."""
    groups = -(-n // 64)
    counters = np.arange(groups * 16, dtype=np.uint64)
    return blocks(seed, counters).reshape(groups, 16, 4).transpose(0, 2, 1).reshape(-1)[:n]


def pairs(seed, n):
    """The first n 64-bit numbers, of two words each, the low one first."""
    low, high = words(seed, 2 * n).reshape(n, 2).T
    return low | high << np.uint64(32)
