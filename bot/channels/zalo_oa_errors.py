"""What each of Zalo's error codes means for the message it met (developers.zalo.me, mã lỗi; ZBS has its own)."""

import datetime as dt
import random
from collections.abc import Callable, Mapping

from bot.channels.zalo_oa_api import TOKEN_REFUSED, ZaloOaError, ZaloOaUnreachable
from bot.clock import VIETNAM
from bot.errors import Ambiguous, Closed, Gone, Halted, Refused, SendError, TryLater

#: When what the night forbids may go: five past six, and a little later for each, so that not all go at once.
MORNING, JITTER = dt.time(6, 5), 600.0
#: Seconds until a person's own quota is looked at again.
RECEIVER_FULL = 6 * 3600.0
#: Seconds until a halted account is tried again.
AGAIN = 3600.0

Meaning = Callable[[str], SendError]


def _halts(mend: str) -> Meaning:
    return lambda reason: Halted(reason, mend, AGAIN)


def _closes(mend: str) -> Meaning:
    return lambda reason: Closed(f"{reason}; {mend}")


def _waits(seconds: float | None = None) -> Meaning:
    return lambda reason: TryLater(reason, seconds)


PACKAGE = "take a package of zalo.solutions that includes OpenAPI (Growth or higher), then start again"
CONSOLE = "open developers.zalo.me, the app, and register and activate what the message names; bot check --online"

#: Consultation messages and everything else on the openapi host.
OA: Mapping[int, Meaning] = {
    # A token that is still refused after it was replaced.
    -216: _halts("run bot zalo login"),
    -220: _halts("run bot zalo login"),
    -124: _halts("run bot zalo login"),
    -401: _halts("run bot zalo login"),
    -32: _waits(),
    -200: _waits(),
    -100: _waits(),  # An attachment that ended: the next try uploads it again. Of templates: nobody knows why.
    -201: Refused,
    -210: Refused,
    -240: Refused,
    -242: _halts("app_secret in [zalo_oa] is not this app's: copy it from developers.zalo.me again"),
    -249: Refused,
    -235: Refused,
    -237: Refused,
    -238: Refused,
    -241: Refused,
    -403: Refused,
    -233: Refused,
    -213: Closed,
    -217: Closed,
    -227: Gone,
    -244: Closed,
    -218: _waits(RECEIVER_FULL),
    -230: Closed,
    -232: Closed,
    -248: _halts("Zalo says a message broke its policy: read the notice in the OA, change the wording, ask Zalo"),
    # Only this person's free messages and the paid ones: others are still answered for nothing.
    -211: _closes("the OA's paid messages are used up: buy more, or wait for the next month"),
    -204: _halts("the OA is disabled: ask Zalo why"),
    -205: _halts("there is no such OA: compare oa_id in [zalo_oa]"),
    -209: _halts(CONSOLE),
    -212: _halts(CONSOLE),
    -219: _halts(CONSOLE),
    -223: _halts("the OA has not allowed the app: run bot zalo login"),
    -221: _halts("the OA is not verified: verify it in oa.zalo.me"),
    -224: _halts(PACKAGE),
    -320: _halts("link a Zalo Cloud Account to the OA"),
    -321: _halts("the Zalo Cloud Account has no money: top it up"),
}

#: Templates (ZBS), where some numbers mean something else.
ZBS: Mapping[int, Meaning] = (
    dict(OA)
    | dict.fromkeys((-108, -109, -131, -132, -1121, -1122, -1124), Refused)
    | dict.fromkeys((-114, -118, -119, -139, -140, -141), Closed)
    | dict.fromkeys((-144, -1441, -1471, -1472, -147), _waits(RECEIVER_FULL))
    | dict.fromkeys(
        (-101, -102, -103, -104, -105, -115, -117, -120, -125, -135, -1351, -136, -137, -145, -146, -1381),
        _halts("templates need setting up: see the code at developers.zalo.me, and bot check --online"),
    )
    | dict.fromkeys((-126, -127), _halts("the template is in development mode, for the app's administrators only"))
)
#: Forbidden at night, 22:00 to 06:00; by telephone number with a code of its own.
NIGHT, ZBS_NIGHT = -234, -133


def send_error(
    error: ZaloOaError | ZaloOaUnreachable,
    now: dt.datetime,
    *,
    zbs: bool = False,
    jitter: Callable[[float, float], float] = random.uniform,
) -> SendError:
    """What a failed call means for the message it carried. `now` is aware; `jitter` spreads what waits for the morning.

    A code nobody described is never tried again by itself: staff see it.
    """
    if isinstance(error, ZaloOaUnreachable):
        return Ambiguous(f"zalo-oa: {error}") if error.sent else TryLater(f"zalo-oa: {error}")
    reason = f"zalo-oa: {error}"
    if error.code == NIGHT or (zbs and error.code == ZBS_NIGHT):
        return TryLater(reason, seconds_to_morning(now) + jitter(0.0, JITTER))
    # Only these were seen without their minus.
    code = -abs(error.code) if abs(error.code) in TOKEN_REFUSED else error.code
    meaning = (ZBS if zbs else OA).get(code)
    return meaning(reason) if meaning else Closed(f"{reason} (a code we do not know)")


def seconds_to_morning(now: dt.datetime) -> float:
    """Seconds until five past six in Viet Nam."""
    here = now.astimezone(VIETNAM)
    morning = dt.datetime.combine(here.date(), MORNING, VIETNAM)
    return ((morning if here < morning else morning + dt.timedelta(days=1)) - here).total_seconds()
