"""People who ask and leave a request, step by step, on either of Zalo's channels."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.fakes.talker import NUMBERED
from tests.fakes.zalo_bot_server import ZaloBotServer
from tests.fakes.zalo_oa_server import ZaloOaServer
from tests.fakes.zalo_run import ZaloRun

#: A reference code as people are told it.
CODE = re.compile(r"\b(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{6}\b")
NAME, PHONE = "Trần Thị Thử", "0903123456"
#: Seconds somebody waits for an answer, with a bot that starts again meanwhile.
PATIENCE = 60.0


class Step(NamedTuple):
    """What everybody does: `say` words, or choose a label by its `number` or by a `tap`; and what is answered."""

    how: str
    words: str
    answer: str


STEPS = (
    Step("say", "xuong co khi co dc ho tro mua may ko", "Thông tư 28/2018/TT-BTC"),
    Step("number", "Xem chi tiết", "Ai được xét"),
    Step("tap", "Để lại yêu cầu", "Anh/chị cần Sở giúp việc gì?"),
    Step("say", "cần máy số {number}", "tên gì?"),
    Step("say", "Cơ sở Thử {number}", "tên người liên hệ"),
    Step("say", NAME, "số điện thoại để cán bộ liên hệ"),
    Step("say", PHONE, "đồng ý gửi không?"),
    Step("tap", "Đồng ý, gửi yêu cầu", "Đã ghi yêu cầu, mã"),
)


@dataclass
class Person:
    """Somebody in a chat with one of the fakes; `acts` counts what they did, `lost` what Zalo handed over in vain."""

    zalo: ZaloOaServer | ZaloBotServer
    id: str
    number: int
    run: ZaloRun
    acts: int = 0
    lost: int = 0
    code: str = ""
    _again: Callable[[], None] = field(default=lambda: None)
    _update: str = ""

    def does(self, step: Step) -> None:
        """Do a step."""
        self.acts += 1
        words = step.words.format(number=self.number)
        if step.how == "tap" and isinstance(self.zalo, ZaloOaServer):
            self.zalo.tap(self.id, words)
            return
        self.say(words if step.how == "say" else self._number(words))

    def say(self, words: str) -> None:
        """Type something."""
        said = self.zalo.say(self.id, words)
        self._update = said if isinstance(said, str) else ""
        self._again = lambda: self.say(words)

    async def hears(self, step: Step) -> None:
        """Wait for the answer. What the bot was killed with in its hands, before it could be kept, is said again."""
        try:
            shown = await self.zalo.wait_for(self.id, step.answer, PATIENCE)
        except AssertionError:
            if not self._update or self.run.rows("SELECT 1 FROM inbox WHERE update_id = ?", self._update):
                raise
            self.lost += 1
            self._again()
            shown = await self.zalo.wait_for(self.id, step.answer, PATIENCE)
        if step is STEPS[-1]:
            self.code = CODE.findall(shown.text)[0]

    def answered(self) -> bool:
        """Whether anything came since their last act."""
        return bool(self.zalo.fresh(self.id))

    def seen(self) -> list[str]:
        """Everything they were shown."""
        return [shown.text for shown in self.zalo.shown(self.id)]

    def _number(self, label: str) -> str:
        for text in reversed(self.seen()):
            for number, shown in NUMBERED.findall(text):
                if shown == label:
                    return str(number)
        raise LookupError(f"person {self.number} was not offered '{label}': {self.seen()[-1:]}")
