"""The state of a generator: one array, in PyTorch's own layout; and the words it gives.

In: a seed, or the bytes of a state. Out: an int64 array of 632 entries, from which
`words` draws and which it moves on.
Invariants: the array is the whole state, the seed and the second normal of a pair
included, and its bytes are those of ``torch.Generator.get_state()``: a copy of it is a
generator at the same place. Who draws holds it alone.

The generator is the Mersenne twister MT19937 of Matsumoto and Nishimura (ACM TOMACS 8,
1998, doi:10.1145/272991.272995), seeded by the recurrence of its 2002 version.
"""

from __future__ import annotations

import ctypes
import operator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LENGTH = 632
# Where things lie: two ints share the second entry, two floats' flags the last ones.
SEED, LEFT, NEXT, KEY, NORMAL, VALID = 0, 1, 2, slice(3, 627), 628, 630
SEEDED = 1 << 32  # beside `LEFT`
WORDS = 624  # of one block
_SHIFT = 397
_MATRIX, _UPPER, _LOWER = 0x9908B0DF, 0x80000000, 0x7FFFFFFF
_MASK = 0xFFFFFFFF
# From here on NumPy's own twister is quicker than blocks by NumPy's operators, though
# its state has to be set and read.
_MANY = 4 * WORDS
_FEW = 8  # words that Python's ints give sooner than arrays

# What PyTorch takes where no seed is given.
DEFAULT_SEED = 67280421310721


# How far behind the beginning of an array object it says where its elements are: in
# CPython, but for builds without a lock.
PLACE = 16


def _is_there(probe: Array) -> bool:
    found = ctypes.c_void_p.from_address(id(probe) + PLACE).value
    return bool(found == probe.__array_interface__["data"][0])


HAS_PLACE = _is_there(np.zeros(1))


def place_of(array: Array) -> int:
    """Where an array has its elements."""
    if HAS_PLACE:
        return ctypes.c_void_p.from_address(id(array) + PLACE).value or 0
    place: int = array.__array_interface__["data"][0]
    return place


def seeded(seed: int) -> Array:
    """The state after ``manual_seed(seed)``: a seed counts modulo 2**64."""
    state = np.zeros(LENGTH, np.int64)
    reseed(state, seed)
    return state


def reseed(state: Array, seed: int) -> None:
    """Start again from a seed; a cached normal is forgotten.

    Of the seed the twister takes the low 32 bits. ValueError if it is not of 64 bits.
    """
    try:
        number = operator.index(seed)
    except TypeError:
        raise TypeError(f"a seed is an integer, not {seed!r}") from None
    if not -(2**63) <= number < 2**64:
        raise ValueError(f"a seed lies between -2**63 and 2**64 - 1, unlike {seed}")
    number %= 2**64
    word = number & _MASK
    key = [word]
    for i in range(1, WORDS):
        word = (1812433253 * (word ^ (word >> 30)) + i) & _MASK
        key.append(word)
    state[:] = 0
    state[SEED] = number - 2**64 if number >= 2**63 else number
    state[LEFT] = SEEDED | 1
    state[KEY] = key


def seed_of(state: Array) -> int:
    """The seed, from 0 to 2**64 - 1."""
    return int(state[SEED]) % 2**64


def from_bytes(given: Any) -> Array:
    """A state from bytes that `get_state`, here or in PyTorch, gave.

    ValueError if they are none.
    """
    raw = np.asarray(given)
    if raw.dtype != np.uint8 or raw.shape != (8 * LENGTH,):
        raise ValueError(
            f"a state is an array of {8 * LENGTH} bytes (uint8), not of shape "
            f"{raw.shape} and dtype {raw.dtype}"
        )
    state = np.ascontiguousarray(raw).view(np.int64).copy()
    left, key = int(state[LEFT]), state[KEY]
    sound = left >> 32 == 1 and 0 < left & _MASK <= WORDS
    if not (sound and 0 <= state[NEXT] <= WORDS and (key >= 0).all()):
        raise ValueError("these bytes are no state of a generator")
    if (key > _MASK).any() or state[NEXT] > WORDS + 1 - (left & _MASK):
        raise ValueError("these bytes are no state of a generator")
    return state


# --- Words --------------------------------------------------------------------------


def words(state: Array, count: int) -> Array:
    """The next `count` words of 32 bits, as int64."""
    if count >= _MANY:
        return _many(state, count)
    if count <= _FEW:
        return np.array([word(state) for _ in range(count)], np.int64)
    out = np.empty(count, np.int64)
    done = 0
    while done < count:
        left = int(state[LEFT]) & _MASK
        if left == 1:
            _twist(state)
            left = WORDS + 1
        taken = min(left - 1, count - done)
        begin = WORDS + 1 - left
        key = state[KEY]
        out[done : done + taken] = _tempered(key[begin : begin + taken])
        _moved(state, left - taken)
        done += taken
    return out


def word(state: Array) -> int:
    """The next word."""
    left = int(state[LEFT]) & _MASK
    if left == 1:
        _twist(state)
        left = WORDS + 1
    x = int(state[3 + WORDS + 1 - left])
    _moved(state, left - 1)
    x ^= x >> 11
    x ^= (x << 7) & 0x9D2C5680
    x ^= (x << 15) & 0xEFC60000
    return x ^ (x >> 18)


def _moved(state: Array, left: int) -> None:
    state[LEFT] = SEEDED | left
    state[NEXT] = WORDS + 1 - left


def _tempered(x: Array) -> Array:
    x = x ^ (x >> 11)
    x ^= (x << 7) & 0x9D2C5680
    x ^= (x << 15) & 0xEFC60000
    x ^= x >> 18
    return x


def _twist(state: Array) -> None:
    """The next block. A word needs one that is 227 before it in the same block."""
    key = state[KEY]
    y = (key & _UPPER) | (np.roll(key, -1) & _LOWER)
    turned = (y >> 1) ^ ((y & 1) * _MATRIX)
    back = WORDS - _SHIFT
    key[:back] = key[_SHIFT:] ^ turned[:back]
    key[back : 2 * back] = key[:back] ^ turned[back : 2 * back]
    key[2 * back : -1] = key[back : _SHIFT - 1] ^ turned[2 * back : -1]
    # The last one goes with the first of the new block.
    y_last = (int(key[-1]) & _UPPER) | (int(key[0]) & _LOWER)
    key[-1] = int(key[_SHIFT - 1]) ^ (y_last >> 1) ^ ((y_last & 1) * _MATRIX)


def _many(state: Array, count: int) -> Array:
    """Many words, by NumPy's own twister, which is the same."""
    left = int(state[LEFT]) & _MASK
    twister: Any = np.random.MT19937(0)
    held = {"key": state[KEY].astype(np.uint32), "pos": WORDS + 1 - left}
    twister.state = {"bit_generator": "MT19937", "state": held}
    out: Array = twister.random_raw(count).view(np.int64)
    held = twister.state["state"]
    state[KEY] = held["key"]
    _moved(state, WORDS + 1 - int(held["pos"]))
    return out


# --- Uniform numbers ----------------------------------------------------------------


def long_words(state: Array, count: int) -> Array:
    """The next `count` words of 64 bits, as uint64: the first half is the high one."""
    halves = words(state, 2 * count).view(np.uint64)
    found: Array = (halves[0::2] << np.uint64(32)) | halves[1::2]
    return found


def uniform24(state: Array, count: int) -> Array:
    """float32 numbers below 1, of 24 bits each: of one word."""
    low = (words(state, count) & (2**24 - 1)).astype(np.float32)
    low *= np.float32(2.0**-24)
    return low


def uniform53(state: Array, count: int) -> Array:
    """float64 numbers below 1, of 53 bits each: of two words."""
    low = (long_words(state, count) & np.uint64(2**53 - 1)).astype(np.float64)
    low *= 2.0**-53
    return low


def uniform_number(state: Array) -> float:
    """One number below 1, of 53 bits, as Python's float."""
    high = word(state)
    return ((high << 32 | word(state)) & (2**53 - 1)) * 2.0**-53
