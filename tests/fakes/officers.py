"""Officers of a fake store, and somebody whose request they work on."""

from handlers.person import Officer
from tests.fakes.context import Store, Talk

HOA, BINH = Officer(1, "Hoa", "CN"), Officer(2, "Bình", "CN")


def opened(store: Store, chat: str = "lan", need: str = "mua máy sấy") -> tuple[Talk, str]:
    """Somebody who sent a request, and its code."""
    talk, before = Talk(store, chat), set(store.leads)
    for text in ("để lại yêu cầu", need, "Dừa Xanh", "chị Lan", "0912 345 678", "đồng ý"):
        talk.say(text)
    (code,) = set(store.leads) - before
    return talk, code


def officer(store: Store, who: Officer, code: str, channel: str = "telegram") -> Talk:
    """An officer who redeemed an invitation."""
    store.invite(who, code)
    talk = Talk(store, who.name, channel)
    talk.say(f"/start {code}")
    return talk
