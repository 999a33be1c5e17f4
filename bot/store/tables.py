"""Every table of the store."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

# Through there, so that whoever knows the tables knows all of them.
from bot.store.account_tables import metadata as metadata
from bot.store.columns import Id, id_, ref, time, words

#: Who chats. `consents` repeats the newest word per purpose of the consents table, so that a turn reads one row.
persons = Table("persons", metadata, id_(), time("created_at"), time("erased_at", optional=True), words("consents"))

addresses = Table(
    "addresses",
    metadata,
    id_(),
    words("channel", None),
    words("account", None),
    words("chat", None),
    words("thread", None),
    ref("person_id", "persons.id", optional=True),
    time("created_at"),
    time("blocked_at", optional=True),
    UniqueConstraint("channel", "account", "chat", "thread"),
    Index("ix_addresses_person_id", "person_id"),
)

#: One state per address, as handlers/person.py writes it.
conversations = Table(
    "conversations",
    metadata,
    Column("address_id", Id, ForeignKey("addresses.id"), primary_key=True, autoincrement=False),
    words("state", None),
    time("updated_at"),
)

#: Both ways, numbered for ever: a number used again would look shown already to a chat page. `ours` 0 or 1;
#: `update_id` is the platform's id of theirs; `body` the Reply of ours as JSON.
messages = Table(
    "messages",
    metadata,
    id_(),
    ref("address_id", "addresses.id"),
    Column("ours", Integer, nullable=False),
    words("update_id"),
    words("text", None),
    words("body"),
    time("at"),
    Index("ix_messages_address_id_id", "address_id", "id"),
    Index("ix_messages_at", "at"),
    sqlite_autoincrement=True,
)

#: Every update once. `raw` is the Inbound as JSON while it is pending or failed, "" once done.
inbox = Table(
    "inbox",
    metadata,
    id_(),
    words("channel", None),
    words("account", None),
    words("update_id", None),
    words("order_key", None),
    words("state", None),
    words("raw"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    time("not_before"),
    words("error"),
    time("received_at"),
    UniqueConstraint("channel", "account", "update_id"),
    Index(
        "ix_inbox_pending",
        "order_key",
        "id",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_inbox_received_at", "received_at"),
)

#: What leaves. `state`: ready, away (the person is not connected), sent, failed, unknown. `lease`: the process that
#: holds it in memory, worth something only while that process holds the account's row in `leases`.
outbox = Table(
    "outbox",
    metadata,
    id_(),
    Column("key", Text, nullable=False, unique=True),
    ref("message_id", "messages.id"),
    ref("address_id", "addresses.id"),
    words("channel", None),
    words("account", None),
    words("lane", None),
    words("language", None),
    words("replaces"),
    words("state", None),
    words("lease"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    time("not_before"),
    words("error"),
    words("platform_id"),
    time("created_at"),
    time("sent_at", optional=True),
    Index("ix_outbox_message_id", "message_id"),
    Index(
        "ix_outbox_ready",
        "channel",
        "account",
        "id",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index(
        "ix_outbox_away",
        "address_id",
        "id",
        sqlite_where=text("state IN ('away', 'ready')"),
        postgresql_where=text("state IN ('away', 'ready')"),
    ),
)

#: Who may send for a channel account. `boot`: whose steady clock `until` counts on (SQLite), "" for database time.
leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    words("holder", None),
    words("boot", None),
    time("until"),
)

jobs = Table(
    "jobs",
    metadata,
    id_(),
    Column("key", Text, nullable=False, unique=True),
    words("handler", None),
    words("data", None),
    ref("address_id", "addresses.id", optional=True),
    words("state", None),
    Column("attempts", Integer, nullable=False, server_default="0"),
    time("due_at"),
    words("error"),
    Index("ix_jobs_state_due_at", "state", "due_at"),
)

tasks = Table(
    "tasks",
    metadata,
    id_(),
    Column("key", Text, nullable=False, unique=True),
    words("kind", None),
    words("about", None),
    words("state", None),
    time("created_at"),
    time("done_at", optional=True),
    Index("ix_tasks_state_id", "state", "id"),
)

enterprises = Table("enterprises", metadata, id_(), words("name", None), time("created_at"))

#: Who a person is for an enterprise; `active` 1 for the one they speak for now.
profiles = Table(
    "profiles",
    metadata,
    Column("person_id", Id, ForeignKey("persons.id"), primary_key=True, autoincrement=False),
    Column("enterprise_id", Id, ForeignKey("enterprises.id"), primary_key=True, autoincrement=False),
    words("contact_name"),
    words("phone"),
    Column("active", Integer, nullable=False),
    time("updated_at"),
)

#: Proof of every yes and no, with the text that was shown; never changed, only added to.
consents = Table(
    "consents",
    metadata,
    id_(),
    ref("person_id", "persons.id"),
    ref("address_id", "addresses.id"),
    words("purpose", None),
    Column("given", Integer, nullable=False),
    words("text", None),
    time("at"),
    Index("ix_consents_person_id_purpose", "person_id", "purpose"),
)

officers = Table(
    "officers",
    metadata,
    id_(),
    words("name", None),
    words("team"),
    Column("active", Integer, nullable=False),
    time("created_at"),
)

#: Where an officer is told: an address that redeemed an invitation; `shared` 1 where others read too (a group).
places = Table(
    "places",
    metadata,
    Column("address_id", Id, ForeignKey("addresses.id"), primary_key=True, autoincrement=False),
    ref("officer_id", "officers.id"),
    time("created_at"),
    Column("shared", Integer, nullable=False, server_default="0"),
    Index("ix_places_officer_id", "officer_id"),
)

#: One-time codes, kept hashed: `kind` invite (becomes a place) or desk (opens the desk), and desk sign-ins.
passes = Table(
    "passes",
    metadata,
    id_(),
    words("kind", None),
    Column("hash", Text, nullable=False, unique=True),
    ref("officer_id", "officers.id"),
    time("expires_at"),
    time("used_at", optional=True),
    Index("ix_passes_officer_id", "officer_id"),
)

leads = Table(
    "leads",
    metadata,
    id_(),
    Column("code", Text, nullable=False, unique=True),
    ref("person_id", "persons.id"),
    ref("address_id", "addresses.id"),
    words("need", None),
    words("enterprise", None),
    words("contact_name", None),
    words("phone", None),
    words("topic"),
    words("state", None),
    Column("version", Integer, nullable=False),
    ref("officer_id", "officers.id", optional=True),
    time("opened_at"),
    time("changed_at"),
    Index("ix_leads_person_id", "person_id"),
    Index("ix_leads_state_id", "state", "id"),
)

lead_events = Table(
    "lead_events",
    metadata,
    id_(),
    ref("lead_id", "leads.id"),
    words("state", None),
    ref("officer_id", "officers.id", optional=True),
    words("note"),
    time("at"),
    Index("ix_lead_events_lead_id", "lead_id"),
)

#: What the base could not answer, for the admins.
questions = Table(
    "questions",
    metadata,
    id_(),
    ref("address_id", "addresses.id"),
    words("text", None),
    words("outcome", None),
    words("entries"),
    words("state", None),
    time("at"),
    Index("ix_questions_state_id", "state", "id"),
)

audit = Table(
    "audit",
    metadata,
    id_(),
    words("actor", None),
    words("action", None),
    words("about"),
    time("at"),
    Index("ix_audit_at", "at"),
)

#: Documents of the knowledge base: a whole TinyDB document per row, replaced only by the next version.
shelf = Table(
    "shelf",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    words("document", None),
)
