"""What starts without a message: rows whose time has come, done through the same transaction as a message."""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping

import structlog

from bot.channels.base import Taken
from bot.clock import Clock, to_ms
from bot.errors import StoreUnavailable
from bot.reading import Reader
from bot.store import inbox, messages, officers, outbox, work
from bot.store.connection import Connection
from bot.store.outbox import Row
from bot.store.store import Store
from bot.turns import Stored, Turns
from handlers.context import Context
from handlers.person import Person
from handlers.turn import Later, OpenTask, Turn

log = structlog.get_logger(__name__)

#: Decides what a job leads to: `data` is the JSON text it was made with.
Due = Callable[[str, Person, Context], Turn]

#: Seconds between looks at the table.
POLL = 0.5
#: How often a job that raises is tried, and the pause between.
ATTEMPTS, PAUSE = 5, dt.timedelta(minutes=1)
HOUSEKEEPING = "housekeeping"
#: Days that updates and sent rows are remembered, so that a late repetition is still known as one.
REMEMBER_DAYS = 30


class Jobs:
    """The loop over due jobs. `dues` names what each handler word does."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        turns: Turns,
        clock: Clock,
        leave: Callable[[tuple[Row, ...]], None],
        dues: Mapping[str, Due],
        keep_days: int,
    ) -> None:
        self._store, self._reader, self._turns, self._clock, self._leave = store, reader, turns, clock, leave
        self._dues, self._keep_days = dues, keep_days
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make sure the daily clearing up is planned, and begin to look."""
        first = Later(HOUSEKEEPING, self._clock.now(), HOUSEKEEPING)
        await self._store.write(lambda connection: work.later(connection, first, None))
        self._task = asyncio.create_task(self._run(), name="jobs")

    async def stop(self) -> None:
        """End looking; a job half-way is not stored and comes again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.run_due()
            except StoreUnavailable as error:
                log.error("jobs.unavailable", error=str(error))
            except Exception:  # the loop must live on, or nothing would ever be due again
                log.exception("jobs.look_failed")
            await asyncio.sleep(POLL)

    async def run_due(self) -> None:
        """Do every job whose time has come."""
        now = to_ms(self._clock.now())
        for job in await self._store.read(lambda connection: work.due(connection, now)):
            try:
                stored = await self._store.write(self._work(job))
            except StoreUnavailable:
                raise
            except Exception as error:
                # One job that raises must not keep the others from their time.
                log.exception("jobs.raised", job=job.id, handler_word=job.handler)
                await self._store.write(self._put_off(job, type(error).__name__))
            else:
                self._leave(stored.rows)

    def _work(self, job: work.Job) -> Callable[[Connection], Stored]:
        def run(connection: Connection) -> Stored:
            if not work.take(connection, job):
                return Stored(Taken.DUPLICATE)
            if job.handler == HOUSEKEEPING:
                self._clear_up(connection)
                return Stored(Taken.ANSWERED)
            due = self._dues[job.handler]
            if job.address_id is None:
                raise LookupError(f"job {job.id} ({job.handler}): it needs an address; make it with one")
            key, reading = f"job/{job.key}/{job.due_at}", self._reader.read("")
            act = self._turns.act(job.address_id, key, reading, lambda person, told: due(job.data, person, told))
            return act(connection)

        return run

    def _put_off(self, job: work.Job, error: str) -> Callable[[Connection], None]:
        now, last = self._clock.now(), job.attempts + 1 >= ATTEMPTS

        def run(connection: Connection) -> None:
            work.put_off(connection, job, to_ms(now + PAUSE), error, last=last)
            if last:
                task = OpenTask("failed-job", f"failed-job:{job.id}", f"job {job.id} ({job.handler}): {error}")
                work.open_task(connection, task, to_ms(now))

        return run

    def _clear_up(self, connection: Connection) -> None:
        """Forget what is old, and plan the next day's clearing."""
        now = self._clock.now()
        remembered = to_ms(now - dt.timedelta(days=REMEMBER_DAYS))
        inbox.forget(connection, remembered)
        officers.forget(connection, remembered)
        outbox.forget(connection, remembered)
        messages.forget(connection, to_ms(now - dt.timedelta(days=self._keep_days)))
        work.later(connection, Later(HOUSEKEEPING, now + dt.timedelta(days=1), HOUSEKEEPING), None)
