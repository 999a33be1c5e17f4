"""The desk: officers see leads as they come in, set their state, finish tasks; they enter by one-time links."""

import datetime as dt
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from bot.clock import Clock, to_ms
from bot.errors import Conflict
from bot.store import officers, work
from bot.store.connection import Connection
from bot.store.officers import hashed
from bot.store.outbox import Row
from bot.store.store import Store
from bot.turns import Turns
from bot.web.desk_board import View, look, view_named
from bot.web.desk_guard import guard
from bot.web.desk_lead import LeadForm, Refused
from bot.web.desk_pages import Pages
from bot.web.server import site
from handlers.catalogue import wording
from handlers.leads import STATE_OF
from handlers.person import Language, Officer
from handlers.turn import LeadState

FILES = Path(__file__).parent / "static" / "desk"
COOKIE, LANGUAGE = "desk", "desk-language"
#: How long a browser stays signed in.
SIGNED_IN = dt.timedelta(hours=12)
YEAR = 365 * 24 * 3600
LARGEST_BODY = 16 * 1024
NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in browser: `token` has to come with every form, and only our own pages know it."""

    officer: Officer
    token: str


class Desk:
    """The pages over a store. `leave` hands new outbox rows to the senders."""

    def __init__(
        self,
        store: Store,
        turns: Turns,
        leave: Callable[[tuple[Row, ...]], None],
        clock: Clock,
        public_url: str,
    ) -> None:
        self._store, self._turns, self._leave, self._clock = store, turns, leave, clock
        self._public_url = public_url
        self._root = urlsplit(public_url).path.rstrip("/")

    def app(self) -> web.Application:
        """The site, for a listener of its own."""
        app = site(
            (
                web.get("/enter", self._show_enter),
                web.post("/enter", self._enter),
                web.post("/leave", self._sign_out),
                web.get("/", self._show),
                web.get("/board", self._changed),
                web.post("/leads/{code}/state", self._move),
                web.post("/leads/{code}/tell", self._tell),
                web.post("/tasks/{id:[0-9]{1,18}}/done", self._finish),
                web.static("/files", FILES),
            ),
            largest_body=LARGEST_BODY,
        )
        app.middlewares.append(guard(self._public_url, self._failure))
        return app

    async def _show_enter(self, request: web.Request) -> web.Response:
        left = "desk.enter.left" if "left" in request.query else ""
        return self._html(request, self._pages(request).enter(sentence=left))

    async def _enter(self, request: web.Request) -> web.Response:
        code, token, now = str((await request.post()).get("code", "")), secrets.token_urlsafe(32), self._clock.now()

        def redeem(connection: Connection) -> Officer | None:
            officer = officers.redeem(connection, "desk", code.strip(), to_ms(now))
            if officer is not None:
                officers.issue(connection, "signed-in", token, officer.id, to_ms(now + SIGNED_IN))
                work.note(connection, f"officer:{officer.id}", "desk.entered", "", to_ms(now))
            return officer

        if await self._store.write(redeem) is None:
            page = self._pages(request).enter(sentence="desk.enter.refused")
            return self._html(request, page, status=403)
        answer = web.HTTPSeeOther(f"{self._root}/")
        secure = self._public_url.startswith("https:")
        age = int(SIGNED_IN.total_seconds())
        answer.set_cookie(COOKIE, token, max_age=age, httponly=True, samesite="Strict", secure=secure)
        raise answer

    async def _sign_out(self, request: web.Request) -> web.Response:
        await self._form(request)
        token, now = request.cookies[COOKIE], to_ms(self._clock.now())
        await self._store.write(lambda connection: officers.sign_out(connection, token, now))
        answer = web.HTTPSeeOther(f"{self._root}/enter?left=1")
        answer.del_cookie(COOKIE)
        raise answer

    async def _show(self, request: web.Request) -> web.Response:
        visit = await self._visit(request)
        return await self._board(request, visit, view_named(request.query.get("view", "")), whole=True)

    async def _changed(self, request: web.Request) -> web.Response:
        """What the page asks for twice a second; 204 while it shows everything."""
        visit = await self._visit(request)
        view = view_named(request.query.get("view", ""))
        return await self._board(request, visit, view, seen=request.query.get("seen", ""))

    async def _move(self, request: web.Request) -> web.Response:
        visit, form = await self._form(request)
        to = form.get("to", "")
        if to not in STATE_OF.values():
            raise web.HTTPBadRequest
        return await self._decided(request, visit, form, cast(LeadState, to))

    async def _tell(self, request: web.Request) -> web.Response:
        visit, form = await self._form(request)
        return await self._decided(request, visit, form, None)

    async def _decided(
        self, request: web.Request, visit: Visit, form: Mapping[str, str], to: LeadState | None
    ) -> web.Response:
        # A page that says no price has shown none.
        code, version, agreed = request.match_info["code"], _number(form, "version"), _number(form, "agreed", "0")
        words, time, status = wording(self._language(request)), f"{self._clock.now():%H:%M}", 200
        decide = LeadForm(visit.officer, code, version, to, words, agreed)
        try:
            stored = await self._store.write(self._turns.desk(visit.officer, decide))
        except Conflict:
            notice, status = words.say("desk.conflict", time=time, code=code), 409
        except Refused as refused:
            notice, status = words.say("desk.refused", time=time, reason=refused), 409
        else:
            self._leave(stored.rows)
            notice = decide.notice(time)
        return await self._done(request, visit, view_named(form.get("view", "")), notice, status)

    async def _finish(self, request: web.Request) -> web.Response:
        visit, form = await self._form(request)
        id, now = int(request.match_info["id"]), self._clock.now()

        def close(connection: Connection) -> None:
            if work.close_task(connection, id, to_ms(now)):
                work.note(connection, f"officer:{visit.officer.id}", "task.done", str(id), to_ms(now))

        await self._store.write(close)
        notice = wording(self._language(request)).say("desk.task_moved", time=f"{now:%H:%M}")
        return await self._done(request, visit, view_named(form.get("view", "")), notice, 200)

    async def _done(self, request: web.Request, visit: Visit, view: View, notice: str, status: int) -> web.Response:
        """The fresh board after a form; a browser without JavaScript is sent back to the page."""
        htmx = "HX-Request" in request.headers
        if status == 200 and not htmx:
            raise web.HTTPSeeOther(f"{self._root}/?{urlencode({'view': view})}")
        return await self._board(request, visit, view, notice=notice, status=status, whole=not htmx)

    async def _board(
        self,
        request: web.Request,
        visit: Visit,
        view: View,
        *,
        seen: str = "",
        notice: str = "",
        status: int = 200,
        whole: bool = False,
    ) -> web.Response:
        windows_of, now = self._turns.windows_of, self._clock.now()
        board = await self._store.read(lambda c: look(c, view, visit.officer, seen, windows_of, now))
        if board is None:
            return web.Response(status=204)
        pages = self._pages(request)
        notice = notice or pages.news(board, now)
        return self._html(request, pages.board(board, visit.officer, visit.token, notice, whole=whole), status)

    async def _visit(self, request: web.Request) -> Visit:
        """Who is signed in here; whoever is not is sent to the door."""
        token, now = request.cookies.get(COOKIE, ""), to_ms(self._clock.now())
        officer = await self._store.read(lambda connection: officers.signed_in(connection, token, now))
        if officer is not None:
            return Visit(officer, hashed(f"form {token}"))
        if "HX-Request" in request.headers:
            raise web.HTTPNoContent(headers={"HX-Redirect": f"{self._root}/enter"})
        raise web.HTTPSeeOther(f"{self._root}/enter")

    async def _form(self, request: web.Request) -> tuple[Visit, dict[str, str]]:
        """A form of one of our pages, sent by somebody signed in."""
        visit = await self._visit(request)
        form = {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
        if not hmac.compare_digest(form.get("token", "").encode(), visit.token.encode()):
            raise web.HTTPForbidden
        return visit, form

    def _failure(self, request: web.Request, status: int) -> web.Response:
        pages = self._pages(request)
        if "HX-Request" not in request.headers:
            return self._html(request, pages.failure(status), status)
        # The page itself stays; only its line of news says why. A look that failed is told by the page (desk.js).
        answer = self._html(request, pages.sentence(f"desk.failure.{status}"), status)
        answer.headers.update(
            {"HX-Retarget": "#news", "HX-Reswap": "innerHTML" if request.method == "POST" else "none"}
        )
        return answer

    def _html(self, request: web.Request, text: str, status: int = 200) -> web.Response:
        answer = web.Response(text=text, content_type="text/html", status=status)
        if (chosen := request.query.get("language")) in ("vi", "en"):
            answer.set_cookie(LANGUAGE, chosen, max_age=YEAR, samesite="Strict")
        return answer

    def _language(self, request: web.Request) -> Language:
        chosen = request.query.get("language") or request.cookies.get(LANGUAGE)
        return "en" if chosen == "en" else "vi"

    def _pages(self, request: web.Request) -> Pages:
        return Pages(wording(self._language(request)), self._root)


def _number(form: Mapping[str, str], name: str, missing: str = "") -> int:
    """A number of a form; whoever sends no number there is refused."""
    if not NUMBER.fullmatch(value := form.get(name, missing)):
        raise web.HTTPBadRequest
    return int(value)
