"""An entry as an answer: the first bubble with source and date, the long form, and what to do next."""

import datetime as dt
import re
from dataclasses import replace

from handlers import department, ways
from handlers.catalogue import Wording
from handlers.context import Context
from handlers.message import Choice, File, Link, Reply
from handlers.person import Person
from handlers.turn import Effect, OpenTask, Turn
from knowledge.entry import Action, Entry, Source
from knowledge.fields import Text

#: Longest first bubble in characters, most choices under an answer, longest later bubble in characters.
FIRST_BUBBLE, MOST_CHOICES, LATER_BUBBLE = 450, 3, 3500
#: Entries about what the bot does offer to do it: entry → (choice id, key of its label).
DOES = {
    "bot.stop": ("stop", "choice.stop"),
    "bot.erase": ("erase", "choice.erase"),
    "bot.human": ("human", "choice.human"),
    "bot.complaint": ("lead:start:bot.complaint", "choice.leave_request"),
}


def turn(
    entry: Entry, person: Person, context: Context, also: Entry | None = None, before: tuple[Reply, ...] = ()
) -> Turn:
    """The answer of an entry, of a second one too, after the replies `before`."""
    wording = context.wording(person.language)
    replies = first(entry, person, context)
    if also is not None:
        replies += first(also, person, context)
    state = replace(person.conversation.about(entry.id, context.now), unknown_at=None, unknown_text="")
    last = replace(replies[-1], choices=choices(entry, context, wording, also), links=links(entry, wording))
    if not entry.expired(context.now.date()):
        last = replace(last, files=forms(entry, wording))
    return Turn(state, (*before, *replies[:-1], last), tasks((entry, also), context), entry.id)


def long_turn(entry: Entry, person: Person, context: Context) -> Turn:
    """The long form of an entry with all its sources; an expired one has none."""
    today, wording = context.now.date(), context.wording(person.language)
    if entry.expired(today):
        return turn(entry, person, context)
    listed = "\n".join(f"• {source_line(source, full=True)}" for source in entry.sources)
    text = "\n\n".join(
        part
        for part in (
            entry.more.get(wording.language) or entry.answer.get(wording.language),
            entry.caveat.get(wording.language) if not entry.more else "",
            wording.say("entry.sources", sources=listed) if listed else "",
            "\n".join((*_stale(entry, today, wording), _confirmation(entry, context, wording))),
        )
        if part
    )
    replies = tuple(Reply(page) for page in pages(text, LATER_BUBBLE))
    offered = choices(replace(entry, more=Text()), context, wording)
    last = replace(replies[-1], choices=offered, links=links(entry, wording), files=forms(entry, wording))
    return Turn(person.conversation.about(entry.id, context.now), (*replies[:-1], last), (), entry.id)


def first(entry: Entry, person: Person, context: Context) -> tuple[Reply, ...]:
    """The answer's bubbles: the first with source and date; what does not fit it follows, nothing is lost."""
    wording, today = context.wording(person.language), context.now.date()
    if entry.expired(today):
        return (Reply(wording.say("entry.expired", title=entry.title.get(wording.language), date=day(entry.valid_to))),)
    if confirmed := department.contacts(entry, context, wording):
        body, foot = confirmed
    else:
        body = "\n".join(filter(None, (entry.answer.get(wording.language), entry.caveat.get(wording.language))))
        foot = _foot(entry, context, wording)
    head, rest = cut(body, FIRST_BUBBLE - len(foot) - 2)
    return tuple(Reply(text) for text in (f"{head}\n\n{foot}", *pages(rest, LATER_BUBBLE)))


def choices(entry: Entry, context: Context, wording: Wording, also: Entry | None = None) -> tuple[Choice, ...]:
    """What to do next, most useful first: read more, the entry's own steps, related entries."""
    language, today = wording.language, context.now.date()
    known = context.knowledge.entries
    more: list[Choice] = []
    for shown in (entry, also):
        if shown is not None and shown.more and not shown.expired(today):
            text = wording.say("choice.more")
            named = wording.say("choice.more_about", title=shown.title.get(language)) if also else text
            more.append(Choice(f"more:{shown.id}", ways.label(named)))
    steps = [choice for action in entry.actions if (choice := _step(action, entry, context, wording))]
    if entry.id in DOES:
        id, key = DOES[entry.id]
        steps.insert(0, Choice(id, wording.say(key)))
    related = [ways.show(known[id], language) for id in entry.related if id in known]
    # A contact's own steps are fixed; elsewhere the long form comes first. Without any step a person is the way on.
    ordered = [*steps, *more, *related] if entry.kind == "contact" else [*more, *steps, *related]
    if entry.expired(today) or not steps:
        ordered.insert(0 if entry.expired(today) else len(more), ways.leave_request(wording, entry.id))
    offered: dict[str, Choice] = {}
    for choice in ordered:
        offered.setdefault(choice.id, choice)  # An entry's own words for a step stay, also where the step is related.
    return tuple(offered.values())[:MOST_CHOICES]


def _step(action: Action, entry: Entry, context: Context, wording: Wording) -> Choice | None:
    match action.kind:
        case "start profile":
            choice = ways.leave_request(wording, entry.id)
        case "ask a person":
            choice = ways.human(wording)
        case "menu":
            choice = ways.menu(wording)
        case "entry" if action.target in context.knowledge.entries:
            choice = ways.show(context.knowledge.entries[action.target], wording.language)
        case _:
            return None
    return replace(choice, label=ways.label(action.label.get(wording.language) or choice.label))


def links(entry: Entry, wording: Wording) -> tuple[Link, ...]:
    """The entry's links."""
    return tuple(
        Link(action.label.get(wording.language) or action.target, action.target)
        for action in entry.actions
        if action.kind == "link" and action.target
    )


def forms(entry: Entry, wording: Wording) -> tuple[File, ...]:
    """The files the entry carries; their reference is the name in the folder of forms."""
    titles = ((form.name, form.title.get(wording.language)) for form in entry.files)
    return tuple(File(name, "document", f"{title} ({name})") for name, title in titles)


def tasks(entries: tuple[Entry | None, ...], context: Context) -> tuple[Effect, ...]:
    """What the owners must look at again; the same day of review is one task."""
    today, found = context.now.date(), []
    for entry in filter(None, entries):
        if entry.expired(today):
            found.append(OpenTask("review", f"review:{entry.id}:{entry.valid_to}", f"{entry.id}: expired"))
        elif entry.stale(today):
            found.append(OpenTask("review", f"review:{entry.id}:{entry.review_by}", f"{entry.id}: {entry.owner}"))
    return tuple(found)


def source_line(source: Source, *, full: bool = False) -> str:
    """A document and its article; in full with title, date and address."""
    line = ", ".join(filter(None, (source.document, source.article)))
    if not full:
        return line
    named = f"{line}: {source.title}" if source.title else line
    issued = re.sub(r"(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", source.issued)
    return " ".join(filter(None, (named, f"({issued})" if issued else "", source.url)))


def day(date: dt.date | None) -> str:
    """A date as people here write it: 23/11/2026."""
    return f"{date:%d/%m/%Y}" if date else ""


def cut(text: str, room: int) -> tuple[str, str]:
    """(what fits, the rest), cut after a line or a sentence; a sentence longer than the room is not cut."""
    if len(text) <= room:
        return text, ""
    ends = [match.end() for match in re.finditer(r"\n|(?<=[.!?;])\s+|$", text)]
    at = max((end for end in ends if end <= room), default=ends[0])
    return text[:at].rstrip(), text[at:].strip()


def pages(text: str, room: int) -> list[str]:
    """The text in pieces of at most `room` characters, cut as `cut` does; none of nothing."""
    found: list[str] = []
    while text:
        page, text = cut(text, room)
        found += [page[at : at + room] for at in range(0, len(page), room)]
    return found


def _foot(entry: Entry, context: Context, wording: Wording) -> str:
    source = [wording.say("entry.source", source=source_line(entry.sources[0]))] if entry.sources else []
    return "\n".join([*source, *_stale(entry, context.now.date(), wording), _confirmation(entry, context, wording)])


def _stale(entry: Entry, today: dt.date, wording: Wording) -> tuple[str, ...]:
    return (wording.say("entry.stale", date=day(entry.review_by)),) if entry.stale(today) else ()


def _confirmation(entry: Entry, context: Context, wording: Wording) -> str:
    if entry.confirmed:
        by = entry.confirmed_by or department.name(context, wording)
        return wording.say("entry.confirmed", by=by, date=day(entry.confirmed_on))
    return wording.say("entry.unconfirmed", month=f"{entry.checked_on:%m/%Y}")
