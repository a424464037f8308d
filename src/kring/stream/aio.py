"""Waiting for records under asyncio. Imported only by `async for`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kring.run.target import Wait

if TYPE_CHECKING:
    from kring.stream.handle import StreamHandle


class Sleepers:
    """The tasks that wait for one stream's descriptor; any thread may end their waits."""

    def __init__(self) -> None:
        self._futures: set[asyncio.Future[None]] = set()
        self._closed = False

    async def wait(self, fd: int) -> None:
        """Return when `fd` may be readable, or the stream is closed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._futures.add(future)
        try:
            # After joining: whoever closes either sees the future or has set the flag by now.
            if not self._closed:
                # Added anew at each wait: the loop's epoll then looks afresh, and sees also what
                # was submitted without a wake-up.
                loop.add_reader(fd, self._wake, loop)
                await future
        finally:
            self._futures.discard(future)
            if all(other.get_loop() is not loop for other in tuple(self._futures)):
                loop.remove_reader(fd)

    def close(self) -> None:
        self._closed = True
        for loop in {future.get_loop() for future in tuple(self._futures)}:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wake, loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        for future in tuple(self._futures):
            if future.get_loop() is loop and not future.done():
                future.set_result(None)


async def wait_until(
    handle: StreamHandle[Any], fill: Callable[[], bool], sleepers: Sleepers
) -> bool:
    """Whether `fill` found something before the end or the close."""
    from kring.stream.handle import FIRST_PAUSE_S, longer

    pause = FIRST_PAUSE_S
    while not fill():
        waiter = handle.live_waiter()
        if waiter is None:
            return False
        fd = waiter.fileno()
        if handle.busy:
            await asyncio.sleep(pause)
            pause = longer(pause)
        elif fd >= 0:
            await sleepers.wait(fd)
        elif (ended := waiter.wait(0)) is Wait.CLOSED:
            return fill()
        else:
            await asyncio.sleep(0 if ended is Wait.READY else pause)
            pause = FIRST_PAUSE_S if ended is Wait.READY else longer(pause)
    return True
