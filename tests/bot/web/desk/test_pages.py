"""What stands on a card follows from what is known of its person, without a store."""

from typing import Literal

import pytest

from bot.web.desk_board import Board
from bot.web.desk_pages import Pages
from bot.web.desk_price import Toll
from handlers.catalogue import wording
from handlers.context import Lead
from handlers.message import Address
from handlers.person import Officer, Profile
from handlers.reach import Reach
from tests.fakes.clock import FakeClock

CODE = "7F3K2Q"


@pytest.mark.parametrize(
    ("way", "held"),
    [("free", True), ("paid", True), ("paid", False), ("template", True), ("template", False), ("closed", False)],
)
def test_before_it_is_done_the_page_says_whether_they_will_hear(
    way: Literal["free", "paid", "template", "closed"], held: bool
) -> None:
    an = Officer(1, "An")
    there, opened = Address("web", "page", CODE), FakeClock().now()
    lead = Lead(CODE, 3, "contacted", "mua máy", Profile(), there, 1, "", opened, an)
    tolls = {CODE: Toll(Reach(way, 0 if way in ("free", "closed") else 55), held)}
    board = Board("open", "1", (lead,), False, {"open": 1, "mine": 1, "all": 1, "new": 0}, (), (), tolls)
    page = Pages(wording("vi"), "").board(board, an, "token", "", whole=False)
    assert ("và doanh nghiệp được báo." in page) == (way == "free")
    assert ("doanh nghiệp chưa được báo." in page) == (way != "free")
