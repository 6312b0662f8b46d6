"""Messages arrive whole however they are cut, and nobody makes the factory hold more than it wants to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.ports import Limites
from workers.sandboxes.inside.wire import Order, Reader, Spaces, WireError, packed

PARTS = st.lists(st.binary(max_size=40), max_size=4)


@given(st.lists(PARTS, min_size=1, max_size=4), st.integers(1, 30))
def test_messages_arrive_whole_however_they_are_cut(messages: list[list[bytes]], size: int) -> None:
    """The pieces of a stream have nothing to do with the messages in it."""
    stream = b"".join(b"".join(packed({"n": n}, parts)) for n, parts in enumerate(messages))
    reader = Reader(limit=len(stream))
    got = []

    for start in range(0, len(stream), size):
        reader.feed(stream[start : start + size])
        while message := reader.next():
            got.append((message.header["n"], list(message.parts)))

    assert got == list(enumerate(messages))


def test_an_order_survives_the_way() -> None:
    """What the runner reads is what the factory said, limits and namespaces included."""
    spaces = Spaces("/base", ["/usr"], 61184)
    order = Order(["python3"], {"A": "1"}, "/caixa", "/tmp", ["a"], ["b"], Limites(pids=3), "/sys/fs/cgroup", spaces)
    reader = Reader(limit=10_000)
    for piece in packed(order.header(), [b"content"]):
        reader.feed(piece)

    message = reader.next()

    assert message is not None
    assert Order.of(message.header) == order


def test_a_flood_is_refused_before_it_is_held() -> None:
    """The limit is on what lies there unread, whatever it claims to be."""
    reader = Reader(limit=100)

    with pytest.raises(WireError, match="more than 100 bytes"):
        reader.feed(b"x" * 101)


@pytest.mark.parametrize(
    "stream",
    [
        b"garbage garbage",
        b"-5\n{}",
        b"2\n[]",
        b"2\n{}",
        b"2\n{]",
        b'14\n{"sizes":[-1]}',
        b'16\n{"sizes":[true]}',
        b"1e3\n",
    ],
)
def test_a_broken_stream_is_told(stream: bytes) -> None:
    """Whoever does not keep to the form is not believed."""
    reader = Reader(limit=1000)
    reader.feed(stream)

    with pytest.raises(WireError):
        reader.next()
