"""People on Telegram who type ahead: several messages at once, each with the answer it must get."""

import datetime as dt
from dataclasses import dataclass, field
from itertools import count, islice
from typing import NamedTuple

from bot.clock import Clock
from tests.fakes.telegram_server import TelegramServer


class Act(NamedTuple):
    """Words to type, or the button to tap; what the answer says; whether it is a message of its own, no edit."""

    words: str
    answer: str
    tap: int = 0
    new: bool = True


#: With marks and without, as people type.
QUESTIONS = (
    Act("xuong co khi co dc ho tro mua may ko", "không quá 300 triệu đồng một cơ sở"),
    Act("khuyến công là gì", "chương trình Nhà nước giúp cơ sở sản xuất"),
    Act("Địa chỉ, giờ làm việc?", "chưa có nguồn chính thức xác nhận"),
    Act("doanh nghiệp nhỏ và vừa là gì", "siêu nhỏ 10 lao động"),
    Act("dang ky san pham cong nghiep nong thon tieu bieu", "3 kỳ bình chọn"),
    Act("Sở có thu tiền không", "Đừng chuyển tiền"),
    Act("so dien thoai so cong thuong", "0275.3822 365"),
    Act("hoi cho trien lam ai to chuc", "tối đa 50 triệu đồng/năm"),
)
START = Act("/start qr-{number}", "trợ lý tự động của Sở Công Thương")
MENU = Act("menu", "Anh/chị cần xem mục nào?")
PICK = Act("", "Anh/chị quan tâm việc nào?", tap=1, new=False)
MACHINES, DETAILS = QUESTIONS[0], Act("", "Ai được xét", tap=1)


@dataclass(frozen=True)
class Done:
    """An act that was done: its update, the words its answer holds, and when."""

    update: int
    answer: str
    at: dt.datetime


@dataclass
class Person:
    """Somebody with a plan: each burst is done at once, the next when everything before it was answered."""

    id: int
    server: TelegramServer
    clock: Clock
    bursts: list[list[Act]]
    done: list[Done] = field(default_factory=list)
    #: How many messages of the bot they see when all they said is answered.
    due: int = 0

    def go_on(self) -> None:
        """Do everything of the next burst."""
        for act in self.bursts.pop(0):
            if act.tap:
                self.server.tap(self.id, act.tap)
            else:
                self.server.say(self.id, act.words.format(number=self.id))
            self.done.append(Done(self.server.updates[-1]["update_id"], act.answer, self.clock.now()))
            self.due += act.new

    @property
    def answered(self) -> bool:
        """Whether they see all they wait for."""
        return len(self.server.shown(self.id)) >= self.due

    def calls(self) -> list[tuple[str, dict[str, str]]]:
        """What the bot asked Telegram to show or to change in their chat, in the order it came."""
        mine, shows = str(self.id), ("sendMessage", "editMessageText")
        return [(name, given) for name, given in self.server.calls if name in shows and given["chat_id"] == mine]


def talkative(id: int, messages: int, server: TelegramServer, clock: Clock) -> Person:
    """Somebody who does `messages` things, 6 or more, in two bursts; the second begins with a tap.

    Every second one taps in the menu, so that a message is edited; the others ask for more of an answer.
    """
    first, last = messages // 2, messages - messages // 2 - 1
    before, tap = (MENU, PICK) if id % 2 else (MACHINES, DETAILS)
    asked = (QUESTIONS[number % len(QUESTIONS)] for number in count(id))
    opening = [START, *islice(asked, first - 2), before]
    return Person(id, server, clock, [opening, [tap, *islice(asked, last)]])


def flooding(id: int, messages: int, server: TelegramServer, clock: Clock) -> Person:
    """Somebody who types everything at once."""
    asked = (QUESTIONS[number % len(QUESTIONS)] for number in range(messages - 1))
    return Person(id, server, clock, [[START, *asked]])
