"""The beginning and the end of what a program wrote are kept, and every byte is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.sandboxes.inside.streams import Capture


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(0, 40))
def test_a_capture_keeps_both_ends_and_counts_all(pieces: list[bytes], keep: int) -> None:
    """Text that fits is kept as it is; else its first and last bytes with a note between that says how many went."""
    capture = Capture(keep)
    for piece in pieces:
        capture.add(piece)
    whole = b"".join(pieces)

    assert capture.total == len(whole)
    if len(whole) <= keep:
        assert capture.text() == whole
    else:
        head, tail = keep - keep // 2, keep // 2
        note = b"\n[sandbox: %d bytes cut here]\n" % (len(whole) - keep)
        assert capture.text() == whole[:head] + note + whole[len(whole) - tail :]
