"""What reads a stream's memory, as its handle sees it.

Reading and releasing are two steps, so that records are in safe hands before their room is given
back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from kring.record import record

if TYPE_CHECKING:
    from kring.stream.rows import DType, Rows


@record
class Batch:
    """Records read and not yet released: `ends` are the positions behind them, of each buffer,
    `received` and `discarded` their number. `busy` says that more are there that cannot be read
    just yet: the next one is still being written."""

    ends: tuple[int, ...]
    received: int
    discarded: int
    busy: bool
    records: Sequence[bytes] = ()


class Reader(Protocol):
    """Reads a stream's memory. Raises StreamError for what no kernel would write there."""

    def scan(self, limit: int | None = None) -> Batch:
        """Copies of the records that are there at this moment, at most `limit`."""
        ...

    def rows(self, dtype: DType, limit: int) -> tuple[Rows, Batch]:
        """At most `limit` of them as rows of an array, and the batch to release for them."""
        ...

    def release(self, batch: Batch) -> None:
        """Give the batch's room back; releasing the latest batch again is harmless."""
        ...

    def close(self) -> None:
        """Let go of the memory: reading raises ValueError from here on."""
        ...
