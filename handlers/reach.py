"""Whether a person may be written to now, and what it costs: some platforms count from the person's last word."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Windows:
    """A platform's rule: free for the time `free` after the person's last word, then `price` đồng up to `paid`.

    After that only an approved template reaches them, for about `template` đồng; 0 where none is set up.
    """

    free: dt.timedelta
    paid: dt.timedelta
    price: int
    template: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person can be written to now. `price` in đồng a message; `silent` since their last word, where known."""

    way: Literal["free", "paid", "template", "closed"] = "free"
    price: int = 0
    silent: dt.timedelta | None = None


def reach(windows: Windows | None, last: dt.datetime | None, left: int | None, now: dt.datetime) -> Reach:
    """The way to a person who last did something at `last` and has `left` free messages (None: not known)."""
    if windows is None:
        return Reach()
    silent = now - last if last is not None else None
    if silent is None or silent > windows.paid:
        return Reach("template", windows.template, silent) if windows.template else Reach("closed", 0, silent)
    if silent > windows.free or left == 0:
        return Reach("paid", windows.price, silent)
    return Reach("free", 0, silent)
