"""Vietnamese or English: what the person chose stays, otherwise the language they write in."""

from dataclasses import replace
from typing import Literal

from handlers.context import Context, Handler
from handlers.intents import said
from handlers.message import Choice, Inbound, Reply
from handlers.person import Conversation, Language, Person
from handlers.reading import Reading
from handlers.turn import Turn
from knowledge.text import fold

#: Words of a text without marks that are enough to take it for Vietnamese.
ENOUGH = 4


def handle(message: Inbound, person: Person, context: Context) -> Turn | None:
    """Takes the wish for a language, and asks which one where it was not named."""
    wish = message.choice if message.kind == "choice" else ""
    if said(message, context) == "language":
        wish = f"language:{context.reading.code}"
    match wish:
        case "language:vi":
            return _speak("vi", person, context)
        case "language:en":
            return _speak("en", person, context)
        case "language:":
            wording = context.wording(person.language)
            languages: tuple[Language, ...] = ("vi", "en")
            choices = tuple(Choice(f"language:{x}", wording.say(f"language.{x}")) for x in languages)
            return Turn(person.conversation, (Reply(wording.say("language.ask"), choices),))
    return None


def heard(conversation: Conversation, reading: Reading) -> Language | Literal[""]:
    """The language to go on in after a text. Names typed into a form do not change it, nor a choice once made.

    Nor does a command: its words are ours, and what stands behind "/start" came with a link.
    """
    if conversation.language_chosen or conversation.waiting or reading.text.startswith("/"):
        return conversation.language
    if reading.language == "en":
        return "en"
    marked = fold(reading.text) != reading.text.lower()
    return "vi" if marked or len(reading.text.split()) >= ENOUGH else conversation.language


def _speak(language: Language, person: Person, context: Context) -> Turn:
    wording = context.wording(language)
    state = replace(person.conversation, language=language, language_chosen=True)
    return Turn(state, (Reply(wording.say("language.changed"), (Choice("menu", wording.say("choice.menu")),)),))


HANDLER = Handler("language", handle)
