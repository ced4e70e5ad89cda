"""Average linkage: two groups become one while the mean similarity of their members is enough.

Single linkage chains unlike findings through a third; the mean does not.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable


def average_linkage(
    count: int,
    similarity: Callable[[int, int], float],
    threshold: float,
    *,
    never: float = -math.inf,
) -> list[tuple[int, ...]]:
    """Groups of item numbers, each sorted; ``similarity(i, j)`` is asked once for i < j.

    A pair at or below ``never`` keeps its groups apart, whatever the mean says. Ties are broken by
    the items' numbers, so equal input gives equal output.
    """
    members: dict[int, tuple[int, ...]] = {n: (n,) for n in range(count)}
    near: list[dict[int, float]] = [{} for _ in range(count)]
    heap: list[tuple[float, int, int]] = []
    for i in range(count):
        for j in range(i + 1, count):
            value = similarity(i, j)
            near[i][j] = near[j][i] = value if value > never else -math.inf
            if value >= threshold:
                heap.append((-value, i, j))
    heapq.heapify(heap)
    while heap:
        value, i, j = heapq.heappop(heap)
        if i not in members or j not in members or near[i].get(j) != -value:
            continue  # one of the two has changed since
        _join(members, near, heap, i, j, threshold)
    return sorted(members.values())


def _join(
    members: dict[int, tuple[int, ...]],
    near: list[dict[int, float]],
    heap: list[tuple[float, int, int]],
    i: int,
    j: int,
    threshold: float,
) -> None:
    """``j`` becomes a part of ``i``, and every other group is told its new distance."""
    here, there = len(members[i]), len(members[j])
    for other in members:
        if other in (i, j):
            continue
        value = (here * near[i][other] + there * near[j][other]) / (here + there)
        near[i][other] = near[other][i] = value
        if value >= threshold:
            heapq.heappush(heap, (-value, min(i, other), max(i, other)))
    members[i] = tuple(sorted((*members[i], *members.pop(j))))
