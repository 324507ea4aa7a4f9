"""The minimum cut is minimal, and of equal ones the nearest to the sink."""

from __future__ import annotations

import random

import pytest

from adcompiler.differentiate.mincut import INFINITE, Network


def network(*arcs):
    graph = Network()
    for tail, head, capacity in arcs:
        graph.add(tail, head, capacity)
    return graph


def value_of(arcs, side):
    return sum(c for tail, head, c in arcs if head in side and tail not in side)


def test_the_cheaper_of_two_arcs_is_cut():
    assert network(("s", "a", 1), ("a", "t", 2)).sink_side("s", "t") == {"a", "t"}
    assert network(("s", "a", 2), ("a", "t", 1)).sink_side("s", "t") == {"t"}


def test_of_equal_cuts_the_one_nearest_to_the_sink():
    arcs = [("s", "a", 1), ("a", "b", 1), ("b", "t", 1)]
    assert network(*arcs).sink_side("s", "t") == {"t"}


def test_a_shared_source_is_cheaper_than_two_uses():
    arcs = [("s", "a", 3), ("a", "b", 2), ("a", "c", 2), ("b", "t", 9), ("c", "t", 9)]
    assert network(*arcs).sink_side("s", "t") == {"a", "b", "c", "t"}


def test_infinite_arcs_are_never_cut():
    arcs = [("s", "a", INFINITE), ("a", "b", 5), ("b", "t", INFINITE)]
    assert network(*arcs).sink_side("s", "t") == {"b", "t"}


def test_flow_goes_back_along_an_arc():
    # The shortest paths first taken block each other; the answer needs the way back.
    arcs = [
        ("s", "a", 1), ("s", "b", 1), ("a", "c", 1), ("a", "d", 1), ("b", "c", 1),
        ("c", "t", 1), ("d", "t", 1),
    ]  # fmt: skip
    graph = network(*arcs)
    assert value_of(arcs, graph.sink_side("s", "t")) == 2


def test_nothing_to_cut():
    assert network(("a", "t", 1)).sink_side("s", "t") == {"a", "t"}
    assert network(("s", "a", 1)).sink_side("s", "t") == {"t"}


def test_a_long_chain_takes_no_recursion():
    arcs = [(k, k + 1, 2 if k else 1) for k in range(5000)]
    assert len(network(*arcs).sink_side(0, 5000)) == 5000


@pytest.mark.parametrize("seed", range(60))
def test_cut_is_minimal_and_nearest(seed):
    """Against all cuts of a small random graph."""
    rng = random.Random(seed)
    inner = range(1, rng.randint(2, 6))
    nodes = ["s", *inner, "t"]
    arcs = [
        (a, b, rng.randint(0, 4))
        for a in nodes
        for b in nodes
        if a != b and rng.random() < 0.5
    ]
    side = network(("s", "t", 0), *arcs).sink_side("s", "t")
    cuts = []
    for bits in range(2 ** len(inner)):
        chosen = {n for k, n in enumerate(inner) if bits >> k & 1} | {"t"}
        cuts.append((value_of(arcs, chosen), chosen))
    least = min(value for value, _ in cuts)
    smallest = set.intersection(*(chosen for value, chosen in cuts if value == least))
    assert side == smallest
