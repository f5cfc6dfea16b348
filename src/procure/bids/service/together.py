"""Doing what comes in at the same moment as one piece of work, without a task in the background.

Of those who wait, one works for all: the first to get the lock takes everything that has queued up
meanwhile. Alone one waits for nobody. A deadline's burst so costs a commit for many, not for each.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

I = TypeVar("I")  # noqa: E741 - what comes in
O = TypeVar("O")  # noqa: E741 - what comes of it


class _Waiting(Generic[I, O]):
    """One that waits, and what came of it."""

    def __init__(self, item: I) -> None:
        self.item = item
        self.is_done = False
        self.result: O | Exception | None = None


class _Queue(Generic[I, O]):
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting: list[_Waiting[I, O]] = []


class Together(Generic[I, O]):
    """Runs `work` for up to `most` items at once; it returns a result or an exception for each."""

    def __init__(
        self, work: Callable[[Sequence[I]], Awaitable[Sequence[O | Exception]]], *, most: int
    ) -> None:
        self._work = work
        self._most = most
        # A lock belongs to one event loop, and tests have many.
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue[I, O]] = (
            WeakKeyDictionary()
        )

    async def __call__(self, item: I) -> O:
        """Wait for this item's result; raises the exception that came of it."""
        queue = self._queues.setdefault(asyncio.get_running_loop(), _Queue())
        own = _Waiting[I, O](item)
        queue.waiting.append(own)
        try:
            while not own.is_done:
                async with queue.lock:
                    await asyncio.sleep(0)  # for those who are about to queue up
                    if not own.is_done:
                        await self._take_turn(queue)
        finally:
            if own in queue.waiting:  # cancelled before its turn
                queue.waiting.remove(own)
        if isinstance(own.result, Exception):
            raise own.result
        return own.result  # type: ignore[return-value]

    async def _take_turn(self, queue: _Queue[I, O]) -> None:
        batch, queue.waiting[:] = queue.waiting[: self._most], queue.waiting[self._most :]
        try:
            results = await self._work([one.item for one in batch])
        except Exception as error:
            if len(batch) > 1:
                await self._one_by_one(batch)  # so that one's fault is not another's
                return
            results = [error]
        except BaseException:
            queue.waiting[:0] = batch  # whoever worked was cancelled: the next one goes on
            raise
        _tell(batch, results)

    async def _one_by_one(self, batch: Sequence[_Waiting[I, O]]) -> None:
        for one in batch:
            try:
                results = await self._work([one.item])
            except Exception as error:
                results = [error]
            _tell([one], results)


def _tell(batch: Sequence[_Waiting[I, O]], results: Sequence[O | Exception]) -> None:
    for one, result in zip(batch, results, strict=True):
        one.result, one.is_done = result, True
