"""The order handlers are asked in: the first that takes a message decides. The bot's table of contents."""

from handlers import (
    answer,
    choices,
    empty,
    fallback,
    help,
    language,
    media,
    officer,
    privacy,
    profile,
    request,
    welcome,
)
from handlers.context import Handler

ORDER: tuple[Handler, ...] = (
    privacy.HANDLER,  # Stop and erase are rights: they work in the middle of any form, also while the bot is silent.
    officer.HANDLER,  # An officer's buttons and commands, before a code of theirs is taken for a person's own.
    choices.NUMBERS,  # A number nobody offered is never the answer to a form's question in words.
    welcome.HANDLER,  # Whoever asks for the menu is lost in a form, and leaves it.
    help.HANDLER,  # Help is needed most inside a form; the form then goes on.
    language.HANDLER,  # The same for the language the form speaks.
    request.HANDLER,  # A code or "my request" is no answer to a form's question.
    profile.HANDLER,  # The form takes what answers it, before the search could take it for a question.
    media.HANDLER,  # After the form, which takes a shared contact as the phone number.
    empty.HANDLER,  # Nothing is searched for in a text without words.
    answer.HANDLER,  # Every question.
    choices.RETIRED,  # A tapped choice none of the above knows.
    fallback.HANDLER,  # Takes anything, so that nobody is left without an answer.
)
