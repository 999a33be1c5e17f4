"""The consent link, a code or a refresh token for a pair, and every way in which Zalo says no."""

import datetime as dt
import json
import traceback
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from bot.channels.base import Grant
from bot.channels.zalo_oa_api import ZaloOaUnreachable
from bot.channels.zalo_oa_oauth import GrantRefused, OAuth, challenge_of, verifier_of
from bot.web.server import Listener, site
from tests.fakes.clock import FakeClock
from tests.fakes.zalo_oa_server import OAUTH, ZaloOaServer, zalo_oa_server

#: What a web server on the way says.
PAGE = "<html>502 Bad Gateway</html>"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def zalo(clock: FakeClock) -> AsyncIterator[ZaloOaServer]:
    async with zalo_oa_server(clock=clock) as server:
        server.verifier = verifier_of(server.app_secret)
        yield server


@pytest.fixture
def oauth(zalo: ZaloOaServer, clock: FakeClock) -> OAuth:
    return OAuth(zalo.app_id, zalo.app_secret, f"{zalo.url}/", clock)


def test_the_challenge_of_a_verifier() -> None:
    assert challenge_of("A" * 43) == "DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo"


def test_the_verifier_of_an_app_stays_the_same_and_tells_nothing_of_the_secret() -> None:
    verifier = verifier_of("a secret")
    assert len(verifier) == 43
    assert set(verifier) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert verifier == verifier_of("a secret") != verifier_of("a secret ")
    assert "secret" not in verifier


def test_the_consent_link(zalo: ZaloOaServer, oauth: OAuth) -> None:
    link = urlsplit(oauth.consent_link("https://sct.example.vn/zalo?a=1&b=ă"))
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"{zalo.url}/v4/oa/permission"
    assert parse_qs(link.query) == {
        "app_id": [zalo.app_id],
        "redirect_uri": ["https://sct.example.vn/zalo?a=1&b=ă"],
        "code_challenge": [zalo.challenge],
    }


async def test_a_code_for_a_pair(zalo: ZaloOaServer, oauth: OAuth, clock: FakeClock) -> None:
    code = zalo.consent()
    grant = await oauth.exchange(code)
    now = clock.now()
    assert (grant.expires_at, grant.obtained_at) == (now + dt.timedelta(hours=25), now)
    assert (grant.previous, grant.tried_at) == ("", None)
    (call,) = zalo.calls
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert call.headers["secret_key"] == zalo.app_secret
    assert call.body == {
        "app_id": zalo.app_id,
        "code": code,
        "grant_type": "authorization_code",
        "code_verifier": zalo.verifier,
    }
    with pytest.raises(GrantRefused, match="Invalid authorization code"):
        await oauth.exchange(code)


async def test_a_refresh_token_for_the_next_pair(zalo: ZaloOaServer, oauth: OAuth) -> None:
    first = await oauth.exchange(zalo.consent())
    second = await oauth.refresh(first.refresh)
    assert second.previous == first.refresh
    assert len({first.access, second.access, first.refresh, second.refresh}) == 4
    assert zalo.calls[-1].body == {
        "app_id": zalo.app_id,
        "refresh_token": first.refresh,
        "grant_type": "refresh_token",
    }
    with pytest.raises(GrantRefused) as told:
        await oauth.refresh(first.refresh)
    # Some of Zalo's fields say the same.
    assert str(told.value) == "-14014 · Invalid refresh token · Invalid grant: the refresh token is used or expired"


async def test_a_wrong_secret(zalo: ZaloOaServer, clock: FakeClock) -> None:
    oauth = OAuth(zalo.app_id, "not the secret", zalo.url, clock)
    with pytest.raises(GrantRefused, match="secret key of the app is wrong"):
        await oauth.refresh(zalo.grant()[1])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"error": -118, "error_name": "invalid grant"}, "-118 · invalid grant"),
        ({"error_name": "Invalid redirect uri", "error_reason": "x"}, "Invalid redirect uri · x"),
        ({"error": "invalid_grant"}, "invalid_grant"),
        ({"error": 0, "access_token": "a-new-one"}, "one of the two tokens is missing in its answer"),
        ({"access_token": "", "refresh_token": "r-new"}, "one of the two tokens is missing in its answer"),
        ({"access_token": "a-new-one", "refresh_token": {"r": 1}}, "one of the two tokens is missing in its answer"),
        ({"access_token": ["a"], "refresh_token": "r-new"}, "one of the two tokens is missing in its answer"),
        ({"error": -1, "error_description": "a\n b " + "x" * 500}, "-1 · a b xxx"),
    ],
)
async def test_zalo_says_no_with_status_200(
    zalo: ZaloOaServer, oauth: OAuth, answer: dict[str, object], reason: str
) -> None:
    zalo.fail(OAUTH, html=json.dumps(answer))
    with pytest.raises(GrantRefused) as told:
        await oauth.refresh("r-1")
    assert str(told.value).startswith(reason)
    assert len(str(told.value)) <= 200


@pytest.mark.parametrize(
    ("status", "body", "sent"),
    [
        (502, PAGE, True),
        (200, PAGE, True),
        (403, '{"error": "Forbidden"}', True),
        (200, '{"message": "log in first"}', True),
        (200, "[1]", True),
        (200, "[" * 100_000, True),
        (500, '{"error": -14000, "error_name": "Internal"}', True),
        (503, '{"error": "away"}', True),
        (429, '{"error": -14000, "error_name": "Too many"}', False),
        (200, '{"error": "-32", "message": "rate limit"}', False),
    ],
)
async def test_what_is_no_word_about_the_token_loses_no_grant(
    zalo: ZaloOaServer, oauth: OAuth, status: int, body: str, sent: bool
) -> None:
    zalo.fail(OAUTH, status=status, html=body)
    with pytest.raises(ZaloOaUnreachable) as told:
        await oauth.refresh("r-1")
    assert (told.value.sent, f"HTTP {status}" in str(told.value)) == (sent, True)


async def test_nobody_answers(zalo: ZaloOaServer, oauth: OAuth, clock: FakeClock) -> None:
    refresh = zalo.grant()[1]
    zalo.fail(OAUTH, drop=True)
    with pytest.raises(ZaloOaUnreachable) as dropped:
        await oauth.refresh(refresh)
    hasty = OAuth(zalo.app_id, zalo.app_secret, zalo.url, clock, read_seconds=0.1)
    gate = zalo.hold(OAUTH)
    with pytest.raises(ZaloOaUnreachable) as late:
        await hasty.refresh(refresh)
    gate.set()
    await zalo.stop()
    with pytest.raises(ZaloOaUnreachable) as never:
        await oauth.refresh(refresh)
    assert (dropped.value.sent, late.value.sent, never.value.sent) == (True, True, False)


@pytest.mark.parametrize(
    ("given", "hours"),
    [("90000", 25), (3600, 1), ("0", 25), (-5, 25), (None, 25), ("soon", 25), ("9" * 30, 25), ("9" * 5000, 25)],
)
async def test_however_long_an_access_token_lasts_the_pair_is_taken(
    zalo: ZaloOaServer, oauth: OAuth, clock: FakeClock, given: object, hours: int
) -> None:
    zalo.fail(OAUTH, html=json.dumps({"access_token": "a", "refresh_token": "r", "expires_in": given}))
    until = clock.now() + dt.timedelta(hours=hours)
    assert await oauth.refresh("before") == Grant("a", "r", until, clock.now(), "before")


def whole(error: BaseException | None) -> str:
    """Everything an error can tell, of what lies beneath it too, whether it is shown or not."""
    texts = []
    while error is not None:
        texts += [*traceback.format_exception(error), repr(error), repr(vars(error))]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


@pytest.mark.parametrize("kind", ["code", "refresh"])
@pytest.mark.parametrize("fault", ["words", "one token", "page", "drop"])
async def test_no_secret_is_quoted(zalo: ZaloOaServer, oauth: OAuth, kind: str, fault: str) -> None:
    given = "the-given-1"
    secrets = [zalo.app_secret, given, "the-access-2"] + [zalo.verifier] * (kind == "code")
    answer = {"error": -1, "error_name": f"no {' '.join(secrets)}"}
    page = {"one token": json.dumps({**answer, "access_token": "the-access-2"}), "page": f"<p>{' '.join(secrets)}</p>"}
    if fault == "words":
        secrets.remove("the-access-2")  # Nobody knows then that it is one.
    zalo.fail(OAUTH, html=page.get(fault, json.dumps(answer)), drop=fault == "drop")
    with pytest.raises((GrantRefused, ZaloOaUnreachable)) as caught:
        await (oauth.exchange if kind == "code" else oauth.refresh)(given)
    told = whole(caught.value) + repr(oauth)
    assert ("no *** ***" in told) is (fault in ("words", "one token"))
    for secret in secrets:
        assert secret not in told


def test_a_pair_does_not_show_itself(clock: FakeClock) -> None:
    shown = f"{Grant('the-access-1', 'the-refresh-1', clock.now(), clock.now(), 'the-refresh-0')}"
    assert "the-" not in shown
    assert "expires_at" in shown


async def test_the_secret_goes_nowhere_else(clock: FakeClock) -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    listener = Listener(site((web.post("/{path:.*}", elsewhere),)), "127.0.0.1", 0)
    await listener.start()
    with pytest.raises(ZaloOaUnreachable, match="HTTP 307"):
        await OAuth("1", "secret", f"http://127.0.0.1:{listener.port}", clock).refresh("r")
    await listener.stop()
    assert asked == [OAUTH]
