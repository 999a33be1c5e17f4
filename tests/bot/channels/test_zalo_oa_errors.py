"""What each code of Zalo's means for the message it met, and when the night is over."""

import datetime as dt

import pytest

from bot.channels.zalo_oa_api import ZaloOaError, ZaloOaUnreachable
from bot.channels.zalo_oa_errors import OA, ZBS, seconds_to_morning, send_error
from bot.clock import VIETNAM
from bot.errors import Ambiguous, Closed, Gone, Halted, Refused, SendError, TryLater
from tests.fakes.clock import FakeClock

NOW = FakeClock().now()
CS, TEMPLATE = "/v3.0/oa/message/cs", "/message/template"


def meant(code: int, *, zbs: bool = False) -> SendError:
    """What a code means now, without jitter."""
    api = TEMPLATE if zbs else CS
    return send_error(ZaloOaError(code, "Zalo's words", api), NOW, zbs=zbs, jitter=lambda low, high: low)


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (TryLater, (-32, -200, -100, -218, -234)),
        (Refused, (-201, -210, -240, -249, -235, -237, -238, -241, -403, -233)),
        (Closed, (-213, -217, -244, -230, -232)),
        (Gone, (-227,)),
        (Halted, (-216, -220, -124, -242, -248, -204, -205, -209, -212, -219, -223, -221, -224, -320, -321)),
    ],
)
def test_the_codes_of_messages(kind: type[SendError], codes: tuple[int, ...]) -> None:
    for code in codes:
        error = meant(code)
        assert type(error) is kind, code
        assert str(error) == f"zalo-oa: {CS}: {code} Zalo's words"
        # The same holds for templates.
        assert type(meant(code, zbs=True)) is kind, code


@pytest.mark.parametrize("zbs", [False, True])
def test_used_up_messages_end_nothing_but_this_one_and_say_what_to_do(zbs: bool) -> None:
    error = meant(-211, zbs=zbs)
    assert type(error) is Closed
    assert str(error).endswith("Zalo's words; the OA's paid messages are used up: buy more, or wait for the next month")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (TryLater, (-133, -144, -1441, -1471, -1472, -147)),
        (Refused, (-108, -109, -131, -132, -1121, -1122, -1124)),
        (Closed, (-114, -118, -119, -139, -140, -141)),
        (Halted, (*range(-105, -100), -115, -117, -120, -125, -126, -127, -135, -1351, -136, -137, -145, -146, -1381)),
    ],
)
def test_the_codes_of_templates_mean_nothing_elsewhere(kind: type[SendError], codes: tuple[int, ...]) -> None:
    for code in codes:
        assert type(meant(code, zbs=True)) is kind, code
        assert code not in OA
        assert "a code we do not know" in str(meant(code))


def test_who_is_to_act_is_told_what_to_do() -> None:
    halts = [error for code in {*OA, *ZBS} if isinstance(error := meant(code, zbs=True), Halted)]
    assert len(halts) > 30
    assert all(error.mend and error.after == 3600 for error in halts)
    for code in (-216, -220, -124, 216, 220, 124, 401):
        for zbs in (False, True):
            error = meant(code, zbs=zbs)
            assert isinstance(error, Halted)
            assert error.mend == "run bot zalo login"


def test_a_person_whose_quota_is_used_up_has_time() -> None:
    for error in (meant(-218), meant(-144, zbs=True)):
        assert isinstance(error, TryLater)
        assert error.after == 6 * 3600
    soon = meant(-32)
    assert isinstance(soon, TryLater)
    assert soon.after is None


@pytest.mark.parametrize("code", [-999, 1, -1, 213, 234, -404])
def test_a_code_nobody_described_is_not_tried_again_and_staff_see_it(code: int) -> None:
    for zbs in (False, True):
        error = meant(code, zbs=zbs)
        assert type(error) is Closed
        assert f"{code} Zalo's words (a code we do not know)" in str(error)


def test_nobody_answered() -> None:
    sent = send_error(ZaloOaUnreachable("no answer", sent=True), NOW)
    assert (type(sent), str(sent)) == (Ambiguous, "zalo-oa: no answer")
    never = send_error(ZaloOaUnreachable("no answer", sent=False), NOW)
    assert isinstance(never, TryLater)
    assert (str(never), never.after) == ("zalo-oa: no answer", None)


@pytest.mark.parametrize(
    ("hour", "minute", "seconds"),
    [
        (21, 59, 8 * 3600 + 6 * 60),
        (22, 0, 8 * 3600 + 5 * 60),
        (23, 0, 7 * 3600 + 5 * 60),
        (3, 0, 3 * 3600 + 5 * 60),
        (6, 0, 300),
        (6, 4, 60),
        (6, 5, 24 * 3600),
    ],
)
def test_the_night_ends_at_five_past_six_in_viet_nam(hour: int, minute: int, seconds: float) -> None:
    here = dt.datetime(2026, 12, 31, hour, minute, tzinfo=VIETNAM)
    for now in (here, here.astimezone(dt.UTC), here.astimezone(dt.timezone(dt.timedelta(hours=-9)))):
        assert seconds_to_morning(now) == seconds
        for code, zbs in ((-234, False), (-234, True), (-133, True)):
            error = send_error(ZaloOaError(code, "night", TEMPLATE), now, zbs=zbs, jitter=lambda low, high: high)
            assert isinstance(error, TryLater)
            assert error.after == seconds + 600


def test_not_everything_leaves_in_the_same_second() -> None:
    night = dt.datetime(2026, 11, 23, 23, tzinfo=VIETNAM)
    waits = set()
    for _ in range(50):
        error = send_error(ZaloOaError(-234, "night", CS), night)
        assert isinstance(error, TryLater)
        assert error.after is not None
        assert 0 <= error.after - seconds_to_morning(night) <= 600
        waits.add(error.after)
    assert len(waits) > 40
