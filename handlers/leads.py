"""What may become of a lead, and who is told: decided once for the chat and the desk."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random

from handlers.catalogue import Wording
from handlers.context import Lead, Place
from handlers.message import Address, Choice, Reply
from handlers.person import Language, Officer
from handlers.phone import shown
from handlers.price import price, silence
from handlers.reach import Reach
from handlers.turn import Audit, ChangeLead, Effect, LeadState, OpenLead, OpenTask, Tell
from knowledge.entry import Entry

#: What codes are made of: no 0 O, 1 I L, U V, which look alike on paper or sound alike on the phone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
#: Characters of a reference code, told to people, and of an officer's one-time invitation.
CODE_LENGTH, INVITATION_LENGTH = 6, 10

#: From each state, what an officer may do: the verb in a choice's id → the next state.
VERBS: Mapping[LeadState, Mapping[str, LeadState]] = {
    "new": {"claim": "claimed"},
    "claimed": {"contacted": "contacted", "dropped": "dropped", "release": "new"},
    "contacted": {"done": "done", "dropped": "dropped", "release": "new"},
    "done": {},
    "dropped": {},
}
#: Every verb → the state it leads to.
STATE_OF: Mapping[str, LeadState] = {verb: to for verbs in VERBS.values() for verb, to in verbs.items()}
#: The states whose beginning the enterprise is told of.
TOLD: tuple[LeadState, ...] = ("claimed", "new", "done")
#: Of those who can be written to at no price, or need not be.
FREE = Reach()
#: The verb that sends a message which was held back for its price.
TELL = "tell"

Speak = Callable[[Language], Wording]
#: The entries by id, for the title of a lead's topic.
Entries = Mapping[str, Entry]
NO_ENTRIES: Entries = {}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a change leads to, or why not: `refused` is the key of a sentence that `refusal` says.

    `held` is what the enterprise would be told, for a price: it leaves only once an officer agrees to that. `reach` is
    how they can be written to, where they have to hear of it; FREE where they have not.
    """

    effects: tuple[Effect, ...] = ()
    refused: str = ""
    held: Tell | None = None
    reach: Reach = FREE


def new_code(random: Random, length: int = CODE_LENGTH) -> str:
    """A code of ALPHABET with at least one digit and one letter, so that no word is taken for it."""
    while True:
        code = "".join(random.choice(ALPHABET) for _ in range(length))
        if is_code(code, length):
            return code


def is_code(text: str, length: int = CODE_LENGTH) -> bool:
    """Whether a text, in capitals, has the form of a code."""
    whole = re.fullmatch(f"[{ALPHABET}]{{{length}}}", text)
    return bool(whole and re.search(r"\d", text) and re.search(r"[A-Z]", text))


def is_open(state: LeadState) -> bool:
    """Whether staff still work on it."""
    return bool(VERBS[state])


def change(
    lead: Lead,
    to: LeadState,
    officer: Officer,
    wording: Speak,
    places: Iterable[Place] = (),
    reach: Reach = FREE,
    entries: Entries = NO_ENTRIES,
) -> Decision:
    """Move a lead on for an officer. Only who claimed it moves it further; the enterprise and the others are told.

    `reach` is how the enterprise can be written to now: what costs money is held, and who cannot be written to is to
    be called. `entries` name the lead's topic where several read.
    """
    if not is_open(lead.state):
        return Decision(refused="leads.refused.closed")
    if lead.officer is not None and lead.officer.id != officer.id:
        return Decision(refused="leads.refused.taken")
    if to not in VERBS[lead.state].values():
        return Decision(refused="leads.refused.already" if to == lead.state else "leads.refused.order")
    effects: list[Effect] = [
        ChangeLead(lead.code, lead.version, to, None if to == "new" else officer.id),
        Audit(f"lead.{to}", lead.code),
    ]
    held: Tell | None = None
    if to not in TOLD:
        reach = FREE
    elif reach.way == "free":
        effects.append(_telling(lead, to, lead.version, officer, wording))
    elif reach.way == "closed":
        # For staff, whatever the enterprise speaks; who it is stands with the lead, for whoever may see that.
        to_say = wording("vi").say(f"leads.call.{to}")
        effects.append(OpenTask("call", f"call:{lead.code}:{to}:{lead.version}", f"{lead.code}: {to_say}"))
    else:
        held = _telling(lead, to, lead.version, officer, wording)
    others = tuple(place for place in places if place.shared or place.officer.id != officer.id)
    if to == "claimed":
        effects += [_taken(lead, officer, place, wording) for place in others]
    if to == "new":
        opened = OpenLead(lead.code, lead.need, lead.profile, lead.topic)
        effects += _announced(opened, others, wording, f"again:{lead.version}", entries)
    return Decision(tuple(effects), held=held, reach=reach)


def tell(lead: Lead, reach: Reach, officer: Officer, wording: Speak, agreed: int) -> Decision:
    """Send what was held when the lead came into its state, under the same key, so at most once.

    For the officer who holds the lead; for any officer where nobody does. `agreed` is the price in đồng the officer
    has read and said yes to, 0 for none: what costs more now is held again ("leads.refused.price").
    """
    if lead.officer is not None and lead.officer.id != officer.id:
        return Decision(refused="leads.refused.taken")
    if not told_key(lead):
        return Decision(refused="leads.refused.nothing")
    if reach.way == "closed":
        return Decision(refused="leads.refused.unreachable", reach=reach)
    told = _telling(lead, lead.state, lead.version - 1, officer, wording)
    if reach.price > agreed:
        return Decision(refused="leads.refused.price", held=told, reach=reach)
    return Decision((told, Audit("lead.told", lead.code)), reach=reach)


def told_key(lead: Lead) -> str:
    """The key of the message that tells the enterprise of the lead's present state; "" where there is none to tell."""
    opened = lead.state == "new" and lead.version == 1
    return "" if opened or lead.state not in TOLD else _told_key(lead.code, lead.state, lead.version - 1)


def refusal(key: str, lead: Lead, officer: Officer, reach: Reach, wording: Wording) -> str:
    """The sentence of a refused decision, for the officer it refused: it may say whom to call, or the price now."""
    return wording.say(
        key,
        code=lead.code,
        officer=(lead.officer or officer).name,
        state=wording.say(f"leads.state.{lead.state}"),
        silent=silence(reach, wording),
        price=price(reach, wording),
        phone=shown(lead.profile.phone) or wording.say("leads.unknown"),
    )


def announce(
    opened: OpenLead, places: Iterable[Place], wording: Speak, entries: Entries = NO_ENTRIES, word: str = "new"
) -> tuple[Tell, ...]:
    """Tell every place of a lead nobody took yet, with its choices; once for each `word`.

    Where several people read: its code and topic (named by `entries`) alone, for who they are is not known.
    """
    return tuple(_announced(opened, places, wording, word, entries))


def notice(opened: OpenLead, state: LeadState, wording: Wording, key: str = "leads.notice") -> Reply:
    """A lead as an officer sees it, with what can be done now."""
    unknown = wording.say("leads.unknown")
    text = wording.say(
        key,
        code=opened.code,
        need=opened.need,
        enterprise=opened.profile.enterprise or unknown,
        name=opened.profile.contact_name or unknown,
        phone=shown(opened.profile.phone) or unknown,
    )
    return Reply(text, choices(opened.code, state, wording))


def short_notice(opened: OpenLead, wording: Wording, entries: Entries) -> Reply:
    """A lead where several people read: nothing of who asks, and nothing to tap."""
    entry = entries.get(opened.topic)
    topic = wording.say("leads.short_topic", topic=entry.title.get(wording.language)) if entry else ""
    text = wording.say("leads.short_notice", code=opened.code)
    return Reply("\n".join(filter(None, (text, topic, wording.say("leads.short_claim", code=opened.code)))))


def choices(code: str, state: LeadState, wording: Wording, *, named: bool = False) -> tuple[Choice, ...]:
    """What an officer can do with a lead in this state; `named`: the labels say the code, for a list of several."""
    labels = {verb: wording.say(f"leads.verb.{verb}") for verb in VERBS[state]}
    return tuple(Choice(f"lead:{code}:{verb}", f"{label} {code}" if named else label) for verb, label in labels.items())


def offer(code: str, reach: Reach, wording: Wording) -> Choice:
    """The choice to tell the enterprise at the price of now: whoever takes it agrees to that price and to none above.

    Its id, "lead:CODE:tell:55", says the price in đồng.
    """
    return Choice(f"lead:{code}:{TELL}:{reach.price}", wording.say("leads.tell", price=price(reach, wording)))


def _telling(lead: Lead, to: LeadState, before: int, officer: Officer, wording: Speak) -> Tell:
    said = wording(lead.language).say(f"leads.told.{to}", code=lead.code, officer=officer.name)
    return Tell(lead.address, Reply(said), "notice", _told_key(lead.code, to, before))


def _told_key(code: str, to: LeadState, before: int) -> str:
    """`before`: the version the lead was moved from."""
    return f"lead:{code}:{to}:{before}"


def _announced(opened: OpenLead, places: Iterable[Place], wording: Speak, word: str, entries: Entries) -> list[Tell]:
    def said(place: Place) -> Reply:
        words = wording(place.language)
        return short_notice(opened, words, entries) if place.shared else notice(opened, "new", words)

    return [
        Tell(
            place.address,
            said(place),
            "notice",
            f"lead:{opened.code}:{word}:{_key(place.address)}",
        )
        for place in places
    ]


def _taken(lead: Lead, officer: Officer, place: Place, wording: Speak) -> Tell:
    text = wording(place.language).say("leads.taken", code=lead.code, officer=officer.name)
    here = _key(place.address)
    reply = Reply(text, replaces=f"lead:{lead.code}:new:{here}")
    return Tell(place.address, reply, "notice", f"lead:{lead.code}:taken:{lead.version}:{here}")


def _key(address: Address) -> str:
    """A place in a key: it stays the same while others join and leave."""
    return "/".join((address.channel, address.account, address.chat, address.thread))
