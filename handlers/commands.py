"""The commands a platform shows beside the writing field; handlers/intents.py says what each one wants."""

from handlers.catalogue import Wording

#: The commands offered in private chats and in groups, in the order they are shown.
PRIVATE = ("start", "menu", "lead", "request", "human", "language", "privacy", "stop", "help")
GROUP = ("staff", "help")
#: Most characters of a description: Telegram refuses longer ones.
LONGEST = 256


def menu(wording: Wording, *, shared: bool = False) -> tuple[tuple[str, str], ...]:
    """(command without its stroke, description) in the language of the wording; `shared`: those for groups."""
    if shared:
        return tuple((name, wording.say(f"commands.group.{name}")) for name in GROUP)
    return tuple((name, wording.say(f"commands.private.{name}")) for name in PRIVATE)
