"""Liveness of names: exits, loops and nested functions."""

from __future__ import annotations

import ast
import textwrap

from adcompiler.frontend.liveness import live_after


def analyse(text):
    function = ast.parse(textwrap.dedent(text)).body[0]
    return function.body, live_after(function)


def own(names):
    return "".join(sorted(n for n in names if len(n) == 1))


def test_straight_line():
    (first, second, _), live = analyse("""
        def f(x):
            y = x
            x = y
            return x
    """)
    assert own(live.after(first)) == "y"
    assert own(live.after(second)) == "x"


def test_stores_read_their_array_and_indices():
    (first, store, _), live = analyse("""
        def f(x, i, v):
            y = x
            y[i] = v
            return y
    """)
    assert own(live.after(first)) == "ivy"
    assert own(live.after(store)) == "y"


def test_break_goes_past_else_and_continue_to_the_head():
    (loop, _), live = analyse("""
        def f(x, n, a, b, c):
            for i in range(n):
                if x > a:
                    break
                if x > b:
                    continue
                x = x + c
            else:
                x = c
            return x
    """)
    first, second, last = loop.body
    assert own(live.head(loop)) == "abcx"
    assert own(live.after(last)) == "abcx"
    assert own(live.after(second)) == "abcx"
    assert own(live.after(loop.orelse[0])) == "x"
    assert own(live.after(first.body[0])) == "x"
    assert own(live.after(second.body[0])) == "abcx"


def test_return_leaves_nothing_live():
    (loop, _), live = analyse("""
        def f(x, y):
            while x > 0:
                if y > 0:
                    x = y
                    return x
                x = x - 1
            return y
    """)
    assign, leave = loop.body[0].body
    assert own(live.after(assign)) == "x"
    assert own(live.after(leave)) == ""


def test_a_value_of_one_trip_read_by_the_next():
    (first, loop, _), live = analyse("""
        def f(x, n):
            p = x
            for i in range(n):
                y = p
                p = x
            return y
    """)
    assert own(live.after(loop.body[0])) == "nxy"[1:]
    assert own(live.head(loop)) == "pxy"
    assert own(live.after(first)) == "npxy"


def test_loop_target_is_new_at_each_trip_but_stays_at_the_end():
    (loop, _), live = analyse("""
        def f(x, n):
            for i in range(n):
                x = x * i
            return i
    """)
    assert own(live.head(loop)) == "ix"
    (loop, _), live = analyse("""
        def f(x, n):
            for i in range(n):
                x = x * i
            return x
    """)
    assert own(live.head(loop)) == "x"


def test_nested_functions_keep_what_they_read_alive():
    (first, second, third, _), live = analyse("""
        def f(x, k, y):
            g = lambda z, y: z * k + y
            k = 3
            x = g(x)
            return x
    """)
    assert own(live.after(third)) == "kx"
    (*_, last), live = analyse("""
        def f(x, a, b):
            def g(y):
                b = y
                def h(z):
                    return z + a + b
                return h(y)
            return g(x)
    """)
    assert own(live.after(last)) == "a"


def test_reassigned_in_both_arms():
    (first, branch, _), live = analyse("""
        def f(x, c):
            y = x
            if c:
                y = 1
            else:
                y = 2
            return y
    """)
    assert own(live.after(first)) == "c"
