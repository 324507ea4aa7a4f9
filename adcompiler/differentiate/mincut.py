"""Minimum cut of a small directed graph, by Dinic's algorithm.

In: arcs with capacities. Out: the nodes on the sink's side of the minimum cut that lies
nearest to the sink. Invariant: capacities are nonnegative; the cut is finite, i.e. each
path from source to sink has an arc of finite capacity.

Dinic, "Algorithm for solution of a problem of maximum flow in networks" (1970).

>>> graph = Network()
>>> for tail, head, capacity in [("s", "a", 9), ("a", "b", 2), ("b", "t", 2)]:
...     graph.add(tail, head, capacity)
>>> sorted(graph.sink_side("s", "t"))
['t']
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

INFINITE = float("inf")
_NEGLIGIBLE = 1e-9


class Network:
    """A directed graph with capacities and a flow."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._arcs: list[list[int]] = []
        self._heads: list[int] = []
        self._left: list[float] = []

    def _number(self, node: Hashable) -> int:
        if node not in self._numbers:
            self._numbers[node] = len(self._arcs)
            self._arcs.append([])
        return self._numbers[node]

    def add(self, tail: Hashable, head: Hashable, capacity: float) -> None:
        """Add an arc."""
        a, b = self._number(tail), self._number(head)
        self._arcs[a].append(len(self._heads))
        self._arcs[b].append(len(self._heads) + 1)
        self._heads += [b, a]
        self._left += [capacity, 0.0]

    def sink_side(self, source: Hashable, sink: Hashable) -> set[Hashable]:
        """The nodes from which the sink is still reached under a maximum flow."""
        s, t = self._number(source), self._number(sink)
        while (levels := self._levels(s)).get(t) is not None:
            progress = [0] * len(self._arcs)
            while self._augment(s, t, levels, progress) > _NEGLIGIBLE:
                pass
        reached, queue = {t}, deque([t])
        while queue:
            node = queue.popleft()
            for arc in self._arcs[node]:
                tail = self._heads[arc]  # the paired arc leads from `tail` to `node`
                if tail not in reached and self._left[arc ^ 1] > _NEGLIGIBLE:
                    reached.add(tail)
                    queue.append(tail)
        return {node for node, k in self._numbers.items() if k in reached}

    def _levels(self, source: int) -> dict[int, int]:
        levels, queue = {source: 0}, deque([source])
        while queue:
            node = queue.popleft()
            for arc in self._arcs[node]:
                head = self._heads[arc]
                if head not in levels and self._left[arc] > _NEGLIGIBLE:
                    levels[head] = levels[node] + 1
                    queue.append(head)
        return levels

    def _augment(
        self, source: int, sink: int, levels: dict[int, int], progress: list[int]
    ) -> float:
        """Push flow along one shortest path, found without recursion."""
        path: list[int] = []
        node = source
        while node != sink:
            while progress[node] < len(self._arcs[node]):
                arc = self._arcs[node][progress[node]]
                head = self._heads[arc]
                forward = levels.get(head, -1) == levels[node] + 1
                if forward and self._left[arc] > _NEGLIGIBLE:
                    break
                progress[node] += 1
            else:
                if not path:
                    return 0.0
                node = self._heads[path.pop() ^ 1]
                progress[node] += 1
                continue
            path.append(arc)
            node = head
        flow = min(self._left[arc] for arc in path)
        for arc in path:
            self._left[arc] -= flow
            self._left[arc ^ 1] += flow
        return flow
