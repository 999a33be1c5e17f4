"""What staff and the bot still have to do: tasks, jobs, open questions, the audit."""

import json
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, select, update

from bot.clock import to_ms
from bot.store.statement import Statement
from bot.store.tables import audit, jobs, questions, tasks
from handlers.turn import Later, OpenTask, StoreQuestion


@dataclass(frozen=True, slots=True)
class Job:
    """Something the bot will do: `handler` does it with `data` (JSON text), for an address or for nobody."""

    id: int
    key: str
    handler: str
    data: str
    address_id: int | None
    attempts: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something staff must do."""

    id: int
    kind: str
    about: str
    created_at: int


_task = Statement(
    lambda insert: (
        insert(tasks)
        .values(
            key=bindparam("key"),
            kind=bindparam("kind"),
            about=bindparam("about"),
            state="open",
            created_at=bindparam("now"),
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
)
_job = Statement(
    lambda insert: (
        insert(jobs)
        .values(
            key=bindparam("key"),
            handler=bindparam("handler"),
            data=bindparam("data"),
            address_id=bindparam("address_id"),
            state="ready",
            due_at=bindparam("due_at"),
            error="",
        )
        .on_conflict_do_update(
            index_elements=["key"],
            set_={name: bindparam(name) for name in ("handler", "data", "address_id", "due_at")}
            | {"state": "ready", "attempts": 0, "error": ""},
        )
    )
)

_question = Statement(
    lambda insert: insert(questions).values(
        {name: bindparam(name) for name in ("address_id", "text", "outcome", "entries", "at")} | {"state": "open"}
    )
)
_note = Statement(
    lambda insert: insert(audit).values({name: bindparam(name) for name in ("actor", "action", "about", "at")})
)


def open_task(connection: Connection, task: OpenTask, now: int) -> None:
    """Put a task on the staff's list; the same key twice is one task."""
    _task(connection, key=task.key, kind=task.kind, about=task.about, now=now)


def open_tasks(connection: Connection, limit: int = 200) -> tuple[Task, ...]:
    """What staff still have to do, oldest first."""
    rows = connection.execute(select(tasks).where(tasks.c.state == "open").order_by(tasks.c.id).limit(limit))
    return tuple(Task(r.id, r.kind, r.about, r.created_at) for r in rows)


def close_task(connection: Connection, id: int, now: int) -> bool:
    """A task is done; False if it was before."""
    done = update(tasks).where(tasks.c.id == id, tasks.c.state == "open").values(state="done", done_at=now)
    return connection.execute(done).rowcount == 1


def settle(connection: Connection, beginning: str, now: int) -> None:
    """What tasks asked for is done: close every open one whose key begins so."""
    over = tasks.c.key.startswith(beginning, autoescape=True)
    connection.execute(update(tasks).where(over, tasks.c.state == "open").values(state="done", done_at=now))


def later(connection: Connection, wish: Later, address_id: int | None) -> None:
    """Do a job at a time; the same key again moves it."""
    _job(
        connection,
        key=wish.key,
        handler=wish.handler,
        data=wish.data,
        address_id=address_id,
        due_at=to_ms(wish.at),
    )


def cancel(connection: Connection, key: str) -> None:
    """Forget a job that did not run yet."""
    connection.execute(delete(jobs).where(jobs.c.key == key, jobs.c.state == "ready"))


def due(connection: Connection, now: int, limit: int = 50) -> tuple[Job, ...]:
    """Jobs whose time has come, earliest first."""
    rows = connection.execute(
        select(jobs)
        .where(jobs.c.state == "ready", jobs.c.due_at <= now)
        .order_by(jobs.c.due_at, jobs.c.id)
        .limit(limit)
    )
    return tuple(Job(r.id, r.key, r.handler, r.data, r.address_id, r.attempts, r.due_at) for r in rows)


def take(connection: Connection, job: Job) -> bool:
    """Mark a job done in the transaction that does it; False if another process did, or it was moved meanwhile."""
    return connection.execute(update(jobs).where(_unchanged(job)).values(state="done")).rowcount == 1


def put_off(connection: Connection, job: Job, at: int, error: str, *, last: bool) -> None:
    """A job raised: try it again at a time, or never if this was the `last` attempt. One moved meanwhile stays."""
    values = {"attempts": job.attempts + 1, "due_at": at, "error": error, "state": "failed" if last else "ready"}
    connection.execute(update(jobs).where(_unchanged(job)).values(**values))


def _unchanged(job: Job) -> ColumnElement[bool]:
    return and_(
        jobs.c.id == job.id, jobs.c.state == "ready", jobs.c.attempts == job.attempts, jobs.c.due_at == job.due_at
    )


def store_question(connection: Connection, address_id: int, question: StoreQuestion, now: int) -> None:
    """Keep a question the base could not answer by itself."""
    entries = json.dumps(question.entries)
    _question(connection, address_id=address_id, text=question.text, outcome=question.outcome, entries=entries, at=now)


def note(connection: Connection, actor: str, action: str, about: str, now: int) -> None:
    """A line of the audit, without personal data."""
    _note(connection, actor=actor, action=action, about=about, at=now)


def open_task_count(connection: Connection) -> int:
    """How many tasks staff still have."""
    return int(connection.execute(select(func.count()).select_from(tasks).where(tasks.c.state == "open")).scalar_one())
