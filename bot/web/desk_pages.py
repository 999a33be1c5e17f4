"""How the desk looks: its templates, filled in one language."""

import datetime as dt
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape

from bot.clock import from_ms
from bot.web.desk_board import SHOWN, Board
from handlers.catalogue import Wording
from handlers.leads import VERBS
from handlers.person import Officer
from handlers.phone import shown
from handlers.price import price, silence
from handlers.reach import Reach

FOLDER = Path(__file__).parent / "templates" / "desk"
#: Most characters of a need in the line that tells of a new lead.
SHORT_NEED = 80
#: Most codes in that line.
NAMED = 5


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals |= {"VERBS": VERBS, "SHOWN": SHOWN, "phone": shown, "from_ms": from_ms}
    return found


class Pages:
    """The pages in one language. `root` is the path the desk stands at, "" or "/something"."""

    def __init__(self, wording: Wording, root: str) -> None:
        self._wording, self._root = wording, root

    def enter(self, *, sentence: str = "") -> str:
        """Where a one-time code is given; `sentence`: the key of what is said first."""
        return self._draw("enter.html", sentence=sentence)

    def board(self, board: Board, officer: Officer, token: str, notice: str, *, whole: bool) -> str:
        """The leads and tasks: the `whole` page, or only what replaces the part that changes."""
        name = "page.html" if whole else "changed.html"
        fresh = {lead.code for lead in board.fresh}
        return self._draw(name, board=board, fresh=fresh, officer=officer, token=token, notice=notice)

    def failure(self, status: int) -> str:
        """One clear sentence for a status of desk_guard.FAILURES."""
        return self._draw("failure.html", status=status)

    def sentence(self, key: str) -> str:
        """One sentence to be put into a page."""
        return str(escape(self._wording.say(key)))

    def news(self, board: Board, now: dt.datetime) -> str:
        """The sentence that tells of leads which came in since the page last looked; "" for none."""
        fresh, time = board.fresh, f"{now:%H:%M}"
        if not fresh:
            return ""
        if len(fresh) == 1:
            need = " ".join(fresh[0].need.split())
            short = need if len(need) <= SHORT_NEED else f"{need[:SHORT_NEED]}…"
            return self._wording.say("desk.news_one", time=time, code=fresh[0].code, need=short)
        codes = ", ".join(lead.code for lead in fresh[:NAMED]) + (" …" if len(fresh) > NAMED else "")
        return self._wording.say("desk.news_many", time=time, count=len(fresh), codes=codes)

    def _draw(self, name: str, **values: object) -> str:
        wording = self._wording
        values |= {"say": wording.say, "language": wording.language, "root": self._root, "toll_words": self._toll_words}
        return _environment().get_template(name).render(has=wording.sentences.__contains__, **values)

    def _toll_words(self, reach: Reach) -> dict[str, str]:
        return {"price": price(reach, self._wording), "silent": silence(reach, self._wording)}
