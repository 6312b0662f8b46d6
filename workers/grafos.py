"""Graphs: what several parts need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def components[N](arcs: Mapping[N, Sequence[N]]) -> Iterator[list[N]]:
    """Strongly connected components, those that others lead to first (Tarjan, without recursion)."""
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    stack: list[N] = []
    inside: set[N] = set()
    for root in arcs:
        if root in index:
            continue
        work: list[tuple[N, Iterator[N]]] = [(root, iter(arcs[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        inside.add(root)
        while work:
            node, rest = work[-1]
            child = next(rest, None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    inside.difference_update(component)
                    yield component[::-1]
            elif child not in index:
                index[child] = low[child] = len(index)
                stack.append(child)
                inside.add(child)
                work.append((child, iter(arcs[child])))
            elif child in inside:
                low[node] = min(low[node], index[child])
