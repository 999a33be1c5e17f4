"""One turn as one piece of work for a transaction: who, what was said before, what is decided, what leaves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.channels.base import Abilities, Taken
from bot.clock import Clock, to_ms
from bot.router import route
from bot.store import inbox, messages, moving, outbox, people, quota
from bot.store.connection import Connection, DatabaseError, savepoint
from bot.store.context import StoreContext
from bot.store.effects import LeaseOf, store_turn
from bot.store.outbox import Row
from handlers.catalogue import wording
from handlers.context import Handler, Knowledge
from handlers.message import Address, Inbound, InboundKind, Reply
from handlers.order import ORDER
from handlers.person import Conversation, Officer, Person
from handlers.reach import Windows
from handlers.reading import Reading
from handlers.turn import Effect, OpenTask, Turn
from knowledge.search import Found

log = structlog.get_logger(__name__)

#: Milliseconds before a turn that raised is tried again for the first time.
FIRST_PAUSE = 2_000
#: What a piece of work is for the store.
Decide = Callable[[Person, StoreContext], Turn]
#: The same where nobody is answered. Of the effects, those that need a person (a profile, a lead of theirs) are refused
#: by the store, for nobody is there.
DecideAlone = Callable[[StoreContext], tuple[Effect, ...]]

#: What is no word of a person's, so that nobody waits for an answer to it.
UNSAID: tuple[InboundKind, ...] = ("staff_echo", "blocked", "unblocked", "moved", "withdrawn")
#: What was read where nothing was said.
NOTHING_SAID = Reading("", "", Found("unknown", reply="unknown"))


#: What (channel, account) can do, None for one that is not open here.
AbilitiesOf = Callable[[str, str], Abilities | None]


@dataclass(frozen=True, slots=True)
class Stored:
    """What a transaction did: the fate of the update, and the outbox rows it wrote."""

    taken: Taken
    rows: tuple[Row, ...] = ()


class Turns:
    """Makes the work of turns. The handlers' `order` is an argument, so that a test can put a broken one in."""

    def __init__(
        self,
        knowledge: Knowledge,
        clock: Clock,
        department: Mapping[str, str],
        lease_of: LeaseOf,
        order: tuple[Handler, ...] = ORDER,
        abilities_of: AbilitiesOf = lambda channel, account: None,
    ) -> None:
        self._knowledge, self._clock, self._department = knowledge, clock, department
        self._lease_of, self._order, self._abilities_of = lease_of, order, abilities_of

    def message(self, inbound: Inbound, reading: Reading) -> Callable[[Connection], Stored]:
        """The whole turn of a new update: written down, decided, stored."""

        def run(connection: Connection) -> Stored:
            now = to_ms(self._clock.now())
            arrived = people.arrive(connection, inbound.address, now, wrote=inbound.kind != "staff_echo")
            if not inbox.enter(connection, inbound, now, error="" if arrived.held else None):
                return Stored(Taken.DUPLICATE)
            if arrived.held:
                return Stored(Taken.PENDING)
            try:
                with savepoint(connection, "decided"):
                    return Stored(Taken.ANSWERED, self._turn(connection, arrived, inbound, reading, now))
            except DatabaseError:
                raise
            except Exception as error:
                # Held in this same transaction, so that the person's next message cannot slip in before it.
                log.exception("turns.raised", channel=inbound.address.channel, kind=inbound.kind)
                inbox.hold(connection, inbound, now, type(error).__name__, FIRST_PAUSE)
                return Stored(Taken.PENDING)

        return run

    def raw(self, inbound: Inbound, error: str, wait: int) -> Callable[[Connection], Stored]:
        """Only write the update down as pending, to be tried again after `wait` milliseconds."""

        def run(connection: Connection) -> Stored:
            fresh = inbox.enter(connection, inbound, to_ms(self._clock.now()), error=error, wait=wait)
            return Stored(Taken.PENDING if fresh else Taken.DUPLICATE)

        return run

    def again(self, pending: inbox.Pending, reading: Reading) -> Callable[[Connection], Stored]:
        """The turn of an update that was written down before."""

        def run(connection: Connection) -> Stored:
            now = to_ms(self._clock.now())
            wrote = pending.inbound.kind != "staff_echo"
            arrived = people.arrive(connection, pending.inbound.address, now, wrote=wrote)
            if not inbox.take_back(connection, pending):
                return Stored(Taken.DUPLICATE)
            inbox.done(connection, pending.id)
            return Stored(Taken.ANSWERED, self._turn(connection, arrived, pending.inbound, reading, now))

        return run

    def give_up(self, pending: inbox.Pending, error: str) -> Callable[[Connection], Stored]:
        """After the last failure: the person gets one apology, staff one task, and the next update may go on.

        No apology to a group, nor for what nobody said.
        """

        def run(connection: Connection) -> Stored:
            now = to_ms(self._clock.now())
            arrived = people.arrive(connection, pending.inbound.address, now)
            if not inbox.take_back(connection, pending):
                return Stored(Taken.DUPLICATE)
            inbox.give_up(connection, pending, error)
            person = arrived.person
            task = OpenTask("failed-update", f"failed-update:{pending.id}", f"inbox {pending.id}: {error}")
            sorry = Reply(wording(person.language).say("failed.apology"))
            heard = pending.inbound.kind not in UNSAID and not pending.inbound.shared
            turn = Turn(person.conversation, (sorry,) if heard else (), (task,))
            return Stored(Taken.PENDING, self._store(connection, arrived, turn, f"sorry/{pending.id}", now))

        return run

    def act(self, address_id: int, key: str, reading: Reading, decide: Decide) -> Callable[[Connection], Stored]:
        """A turn that no message started: a job for an address."""

        def run(connection: Connection) -> Stored:
            now = self._clock.now()
            person = people.by_address_id(connection, address_id)
            turn = decide(person, self._context(connection, reading, person))
            arrived = people.Arrived(address_id, person, held=False)
            return Stored(Taken.ANSWERED, self._store(connection, arrived, turn, key, to_ms(now)))

        return run

    def windows_of(self, channel: str, account: str) -> Windows | None:
        """How long people of an account can be written to, and for how much; None where any time, or not open here."""
        abilities = self._abilities_of(channel, account)
        return abilities.windows if abilities else None

    def desk(self, officer: Officer, decide: DecideAlone) -> Callable[[Connection], Stored]:
        """What an officer decides at the desk, where nobody is answered: effects only, audited as theirs."""

        def run(connection: Connection) -> Stored:
            here = Person(0, Address("desk", "", str(officer.id)), officer=officer)
            effects = decide(self._context(connection, NOTHING_SAID, here))
            arrived, turn = people.Arrived(0, here, held=False), Turn(here.conversation, effects=effects)
            return Stored(Taken.ANSWERED, self._store(connection, arrived, turn, "desk", to_ms(self._clock.now())))

        return run

    def _turn(
        self, connection: Connection, arrived: people.Arrived, inbound: Inbound, reading: Reading, now: int
    ) -> tuple[Row, ...]:
        person, address = arrived.person, inbound.address
        words = inbound.text or inbound.choice or f"({inbound.kind})"
        match inbound.kind:
            case "moved":
                moving.move(connection, address, inbound.text, address.thread, now)
            case "unblocked":
                people.block_chat(connection, address, None)
            case "staff_echo":
                messages.said(connection, arrived.address_id, Reply(words), now)
            case "blocked" | "withdrawn":
                if inbound.shared:
                    moving.put_out(connection, address, now)
                people.block_chat(connection, address, now)
                if inbound.kind == "withdrawn":
                    outbox.give_up_address(connection, arrived.address_id, "the person withdrew")
            case _ if inbound.shared:
                pass  # What people say in a group among themselves is not kept.
            case _:
                # Only these are a word of the person's, from which a platform counts how long we may answer.
                messages.heard(connection, arrived.address_id, inbound, words, now)
        abilities = self._abilities_of(address.channel, address.account)
        if abilities and abilities.quota and person.conversation == Conversation():
            quota.arrived(connection, abilities.quota, address, now)
        turn = route(inbound, person, self._context(connection, reading, person), self._order)
        turn = _placed(connection, arrived.address_id, inbound, turn)
        return self._store(connection, arrived, turn, f"{address.channel}/{address.account}/{inbound.id}", now)

    def _store(
        self, connection: Connection, arrived: people.Arrived, turn: Turn, key: str, now: int
    ) -> tuple[Row, ...]:
        return store_turn(
            connection, arrived.address_id, arrived.person, turn, key=key, lease_of=self._lease_of, now=now
        )

    def _context(self, connection: Connection, reading: Reading, person: Person) -> StoreContext:
        return StoreContext(
            connection, self._clock.now(), reading, self._knowledge, self._department, person.id, self.windows_of
        )


def _placed(connection: Connection, address_id: int, inbound: Inbound, turn: Turn) -> Turn:
    """The turn with its replies put in the place of the message that was tapped, where they ask for that."""
    if not (inbound.kind == "choice" and inbound.reply_to and any(reply.in_place for reply in turn.replies)):
        return turn
    tapped = messages.key_of(connection, address_id, inbound.reply_to)
    replies = (replace(reply, replaces=tapped) if reply.in_place else reply for reply in turn.replies)
    return replace(turn, replies=tuple(replies))
