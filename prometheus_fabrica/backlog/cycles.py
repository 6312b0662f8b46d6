"""Loops in a graph, by Tarjan's algorithm (R. Tarjan, SIAM J. Comput. 1(2), 1972), without recursion. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def cycles(edges: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:  # noqa: C901 - one loop, as published
    """Every set of nodes that reach one another, each as one sorted list; a node alone counts when it points to itself.

    Time and memory grow with nodes plus edges. Edges to nodes that are not keys of `edges` lead nowhere.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        _enter(root, index, low, stack, on_stack)
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in edges:
                    continue
                if successor not in index:
                    _enter(successor, index, low, stack, on_stack)
                    work.append((successor, iter(edges[successor])))
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component = _leave(node, stack, on_stack)
                    if len(component) > 1 or node in edges[node]:
                        yield sorted(component)


def _enter(node: str, index: dict[str, int], low: dict[str, int], stack: list[str], on_stack: set[str]) -> None:
    index[node] = low[node] = len(index)
    stack.append(node)
    on_stack.add(node)


def _leave(node: str, stack: list[str], on_stack: set[str]) -> list[str]:
    component: list[str] = []
    while not component or component[-1] != node:
        component.append(stack.pop())
        on_stack.discard(component[-1])
    return component
