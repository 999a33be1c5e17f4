"""What telling somebody costs and how long they have been silent, in words."""

import datetime as dt

from handlers.catalogue import Wording
from handlers.reach import Reach

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
#: From here on a silence is counted in days.
IN_DAYS = 2 * DAY


def price(reach: Reach, wording: Wording) -> str:
    """What one message costs: "55 đ", "khoảng 200 đ", "miễn phí"; for somebody who cannot be written to as well."""
    if reach.way in ("free", "closed"):
        return wording.say("leads.price.free")
    grouped = f"{reach.price:,}"
    amount = grouped.replace(",", ".") if wording.language == "vi" else grouped
    return wording.say(f"leads.price.{reach.way}", amount=amount)


def silence(reach: Reach, wording: Wording) -> str:
    """How long somebody has been silent: "30 giờ", "3 ngày"; "lâu ngày" where they were never heard."""
    if reach.silent is None:
        return wording.say("leads.silent.long")
    if reach.silent >= IN_DAYS:
        return wording.say("leads.silent.days", count=reach.silent // DAY)
    hours = reach.silent // HOUR
    unit = "hours" if hours > 1 else "hour" if hours == 1 else "less"
    return wording.say(f"leads.silent.{unit}", count=hours)
