"""Texts made by ``%`` and `format`, slices of texts, the methods of `str`."""

import numpy as np

from .registry import program, real


@program(real(4), 3)
def printed_in_every_way(x, n):
    print("%g|%5.2f|%-8.3e|%05d|%+d|% g|%s|%%" % (x[0], x[1], x[2], n, 4, x[3], n))
    print("%6s|%-6s|%r" % ("ab", "c", x[0]), "%s %s" % (x.shape, None))
    print("{:.3f} {} {!r} {:>6}|{:^9}".format(x[0], x[1], n, "ab", x[3]))
    print("{1} {0} {a:.2f} {{}}".format(x[0], n, a=x[2]), format(x[1], ".1f"))
    print(", ".join(f"{v:.2f}" for v in (x[0], x[1])), repr(x[2]), "-" * n)
    message = "loss %.3f" % x[0] + ", step {}".format(n)
    print(message)
    return x[0] * np.sin(x[1]) + x[2]


@program(real(3))
def keys_by_formats(x):
    weights = {"w0": x[0], "w1": x[1], "b_2": x[2]}
    total = 0.0
    for k in range(2):
        total += weights["w%d" % k] * weights["w{}".format(1 - k)] ** (k + 1)
    return total * weights["_".join(("b", str(2)))]


@program(real(3))
def texts_taken_apart(x):
    name, total = "alpha-beta", 0.0
    if name[:5] == "alpha" and name[-1] == "a" and name.endswith("beta"):
        total += x[0] ** 2
    for k, word in enumerate(name.split("-")):
        total += x[k] * len(word) * (ord(word[0]) - ord("a") + 1)
    first, _, last = name.partition("-")
    if isinstance(first, str) and first.upper() == "ALPHA":
        total *= x[name.find("pha")]
    return total + x["cab".index("b")] * (last.replace("b", "t") == "teta")


@program(real(2), raises=ValueError)
def an_error_with_a_format(x):
    if len(x) == 2:
        raise ValueError("%d numbers, the first is %.2f" % (len(x), x[0]))
    return x[0]


@program(real(2), raises=TypeError)
def too_few_for_a_format(x):
    print("%d %d" % (1,))  # noqa: F507
    return x[0]


@program(real(2), raises=IndexError)
def a_letter_that_is_not_there(x):
    return x[0] * ord("abc"[5])


@program(real(2), refused="'%d' of a number")
def whole_numbers_of_floats(x):
    print("%d" % x[0])
    return x[0] * x[1]


@program(real(2), refused="text of a number that is no int")
def letters_of_a_number(x):
    print(("%g" % x[0])[:3])
    return x[0] * x[1]
