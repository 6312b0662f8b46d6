"""What a program writes: the beginning and the end are kept, the rest is counted."""

from __future__ import annotations


class Capture:
    """One output stream, of which `keep` bytes are kept: half from the beginning, half from the end."""

    def __init__(self, keep: int) -> None:
        self._head_size = keep - keep // 2
        self._tail_size = keep // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self.total += len(piece)
        room = self._head_size - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        if len(self._tail) > 2 * self._tail_size + len(piece):  # moving the rest to the front at every piece would cost
            self._trim()

    def text(self) -> bytes:
        """What was kept, with a note in the place of what was not."""
        self._trim()
        cut = self.total - len(self._head) - len(self._tail)
        note = b"\n[sandbox: %d bytes cut here]\n" % cut if cut else b""
        return bytes(self._head) + note + bytes(self._tail)

    def _trim(self) -> None:
        del self._tail[: max(0, len(self._tail) - self._tail_size)]
