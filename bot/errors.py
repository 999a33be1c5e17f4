"""The error tree.

BotError
├── ConfigError           the settings cannot be used: file, key, mend
├── StoreError
│   ├── StoreUnavailable  nothing can be written now (disk full, read-only, server away)
│   ├── AlreadyRunning    another `bot run` holds this database
│   └── Conflict          a decision rested on something that changed meanwhile
└── SendError             a message did not go out; the subclass carries the decision
    ├── TryLater          the platform asks for patience, or is away; `after` seconds
    ├── Away              the person is not connected now; nothing is counted
    ├── Refused           the platform will never take this message
    ├── Closed            this person cannot be written to now on this channel: staff find another way
    ├── Gone              the person left or blocked us
    ├── Moved             the chat has another address now: the message goes there
    ├── Halted            the whole account may not send until somebody acts or time passes
    │   └── UsedUp        a quota is used up: the account's, or only this person's place in it
    └── Ambiguous         it may have been delivered
"""


class BotError(Exception):
    """Anything the bot names itself; its text is one sentence a person can act on."""


class ConfigError(BotError):
    """The settings cannot be used: which file, which key, and the mend."""


class StoreError(BotError):
    """The store refused."""


class StoreUnavailable(StoreError):
    """Nothing can be written now; nothing was acknowledged."""


class AlreadyRunning(StoreError):
    """Another `bot run` holds this database; stop it, or give this one its own."""


class Conflict(StoreError):
    """Somebody else changed it first; look again and repeat."""


class SendError(BotError):
    """A message did not go out."""


class TryLater(SendError):
    """The platform asks for patience, or is away."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        #: Seconds to wait, where the platform said so.
        self.after = after


class Away(SendError):
    """The person is not connected now; the message waits without counting an attempt."""


class Refused(SendError):
    """The platform will never take this message."""


class Closed(SendError):
    """This person cannot be written to now on this channel (window over, their own quota used): staff must know."""


class Gone(SendError):
    """The person left or blocked us."""


class Moved(SendError):
    """What is told to this address is told to another from now on: `chat` and `thread` of the same channel account."""

    def __init__(self, reason: str, chat: str, thread: str = "") -> None:
        super().__init__(reason)
        self.chat, self.thread = chat, thread


class Halted(SendError):
    """The whole account may not send until a person acts or time passes; what waits is kept.

    `mend` is one sentence of what to do; `after` seconds until it is tried again.
    """

    def __init__(self, reason: str, mend: str, after: float = 3600.0) -> None:
        super().__init__(reason)
        self.mend, self.after = mend, after


class UsedUp(Halted):
    """A quota is used up: that of the whole account, or there is no place for one person more."""


class Ambiguous(SendError):
    """It may have been delivered: retried once for replies and notices, never for outreach."""
