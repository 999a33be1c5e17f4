"""The whole bot on Zalo through days: windows and their prices, quotas, withdrawal, officers' words, a lost login."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.zalo_whole import ZaloWhole, zalo_whole

LAN, HAI = "2468458835291990001", "6ede9afa66b88fe60001"
DAY = dt.timedelta(days=1)
#: What an answer to "liên hệ sở" holds.
DEPARTMENT = "Liên hệ Sở"
CS, TEMPLATE = "/v3.0/oa/message/cs", "/v3.0/oa/message/template"


@pytest.fixture
def database(sqlite_schema: Path, tmp_path: Path) -> Path:
    """A database where nobody has talked yet."""
    path = tmp_path / "zalo.db"
    with closing(sqlite3.connect(sqlite_schema)) as connection:
        connection.execute("VACUUM INTO ?", [str(path)])
    return path


async def requested(zalo: ZaloWhole, silent: dt.timedelta) -> str:
    """An officer on the Zalo Bot, and a request on the account that has lain for a time; its code."""
    await zalo.officer(HAI)
    code = await zalo.request(LAN)
    await zalo.zalo_bot.wait_for(HAI, f"Yêu cầu mới {code}")
    await zalo.passes(silent)
    return code


async def test_after_three_days_telling_a_person_has_a_price_that_an_officer_hears_first(database: Path) -> None:
    async with zalo_whole(database) as zalo:
        code = await requested(zalo, 3 * DAY)
        zalo.zalo_bot.say(HAI, f"nhận {code}")
        held = await zalo.zalo_bot.wait_for(HAI, "Chưa gửi")
        assert "im lặng 3 ngày" in held.text
        assert "55 đ" in held.text
        await zalo.settled()
        assert zalo.oa.charged == 0
        assert zalo.oa.fresh(LAN)[-1].text.startswith("Đã ghi yêu cầu")
        zalo.zalo_bot.say(HAI, zalo.number(HAI, "Báo tin, 55 đ"))
        await zalo.oa.wait_for(LAN, f"Cán bộ Trần Văn Hai đã nhận yêu cầu {code}")
        assert zalo.oa.charged == 55
        # Told twice is sent and paid once.
        await zalo.settled()
        zalo.zalo_bot.say(HAI, f"báo {code}")
        await zalo.zalo_bot.wait_for(HAI, "nên chưa gửi")
        zalo.zalo_bot.say(HAI, zalo.number(HAI, "Báo tin, 55 đ"))
        await zalo.zalo_bot.wait_for(HAI, "không gửi lại")
        await zalo.settled()
        assert zalo.oa.charged == 55


async def test_a_price_that_rose_since_it_was_read_is_read_again_before_it_is_paid(database: Path) -> None:
    async with zalo_whole(database, notice_template="4321") as zalo:
        zalo.oa.templates["4321"] = {"params": {"noi_dung": 400}, "text": "Sở Công Thương: <noi_dung>"}
        code = await requested(zalo, 6 * DAY + DAY / 2)
        zalo.zalo_bot.say(HAI, f"nhận {code}")
        await zalo.zalo_bot.wait_for(HAI, "tính phí 55 đ")
        button = zalo.number(HAI, "Báo tin, 55 đ")
        await zalo.passes(DAY)
        zalo.zalo_bot.say(HAI, button)
        await zalo.zalo_bot.wait_for(HAI, "lúc này tính phí khoảng 200 đ")
        await zalo.settled()
        assert zalo.oa.charged == 0
        zalo.zalo_bot.say(HAI, zalo.number(HAI, "Báo tin, khoảng 200 đ"))
        await zalo.oa.wait_for(LAN, f"Sở Công Thương: Cán bộ Trần Văn Hai đã nhận yêu cầu {code}")
        assert zalo.oa.charged == 200


async def test_after_eight_days_a_template_reaches_a_person_for_a_price_told_first(database: Path) -> None:
    async with zalo_whole(database, notice_template="4321") as zalo:
        zalo.oa.templates["4321"] = {"params": {"noi_dung": 400}, "text": "Sở Công Thương: <noi_dung>"}
        code = await requested(zalo, 8 * DAY)
        zalo.zalo_bot.say(HAI, f"nhận {code}")
        held = await zalo.zalo_bot.wait_for(HAI, "Chưa gửi")
        assert "khoảng 200 đ" in held.text
        await zalo.settled()
        assert zalo.oa.charged == 0
        zalo.zalo_bot.say(HAI, zalo.number(HAI, "Báo tin, khoảng 200 đ"))
        shown = await zalo.oa.wait_for(LAN, f"Sở Công Thương: Cán bộ Trần Văn Hai đã nhận yêu cầu {code}")
        assert shown.kind == "template"
        assert zalo.oa.charged == 200


async def test_after_eight_days_without_a_template_staff_call_and_nothing_is_sent(database: Path) -> None:
    async with zalo_whole(database) as zalo:
        code = await requested(zalo, 8 * DAY)
        calls, shown = len(zalo.oa.calls), len(zalo.oa.shown(LAN))
        zalo.zalo_bot.say(HAI, f"nhận {code}")
        await zalo.zalo_bot.wait_for(HAI, "Anh/chị gọi 0903 123 456")
        await zalo.settled()
        assert code in await zalo.a_task("call")
        assert [call.path for call in zalo.oa.calls[calls:] if call.path in (CS, TEMPLATE)] == []
        assert len(zalo.oa.shown(LAN)) == shown
        assert zalo.oa.charged == 0


async def test_whom_the_zalo_bot_has_no_place_for_becomes_a_task_and_the_others_are_answered(database: Path) -> None:
    async with zalo_whole(database, people=3) as zalo:
        people = [f"6ede9afa66b88fe6100{number}" for number in range(4)]
        for user in people[:3]:
            zalo.zalo_bot.say(user, "chào")
            await zalo.zalo_bot.wait_for(user, "em nghe")
        assert "3/3" in await zalo.a_task("quota-people")
        zalo.zalo_bot.say(people[3], "chào")
        assert people[3] in await zalo.a_task("quota-person")
        await zalo.settled()
        assert await zalo.tasks("not-sent") == [], "one task says it"
        assert zalo.zalo_bot.shown(people[3]) == []
        # Their refusal halts nobody.
        zalo.zalo_bot.say(people[0], "liên hệ sở")
        await zalo.zalo_bot.wait_for(people[0], DEPARTMENT)
        assert await zalo.tasks("halted") == []
        # A larger plan, and the same person is answered.
        zalo.zalo_bot.quota.people = 4
        zalo.zalo_bot.say(people[3], "liên hệ sở")
        await zalo.zalo_bot.wait_for(people[3], DEPARTMENT)


async def test_what_the_months_quota_leaves_over_waits_and_goes_when_there_is_more(database: Path) -> None:
    async with zalo_whole(database, people=3, per_month=10) as zalo:
        bot, user, other = zalo.zalo_bot, HAI, "6ede9afa66b88fe60002"
        bot.say(other, "chào")
        await bot.wait_for(other, "em nghe")
        while bot.sent_this_month < 10:
            bot.say(user, "liên hệ sở")
            await bot.wait_for(user, DEPARTMENT)
            await zalo.settled()
        assert [about.partition(": ")[2] for about in await zalo.tasks("quota-month")] == ["9/10", "10/10"]
        for who in (user, other):
            bot.say(who, "giờ làm việc")
        assert "wait for the next month" in await zalo.a_task("halted")
        await zalo.taken()
        assert await zalo.waiting() == 2
        assert bot.fresh(user) == bot.fresh(other) == []
        # Another channel is not concerned.
        zalo.oa.say(LAN, "liên hệ sở")
        await zalo.oa.wait_for(LAN, DEPARTMENT)
        bot.quota.messages = 100
        zalo.clock.advance(dt.timedelta(hours=6, seconds=1))
        for who in (user, other):
            await bot.wait_for(who, "làm việc")
        await zalo.settled()
        assert await zalo.waiting() == 0


async def test_who_withdraws_is_a_task_to_erase_and_is_not_written_to(database: Path) -> None:
    async with zalo_whole(database) as zalo:
        await zalo.say(LAN, "chào")
        shown = len(zalo.oa.shown(LAN))
        zalo.oa.withdraw(LAN)
        assert LAN in await zalo.a_task("erase")
        await zalo.settled()
        assert len(zalo.oa.shown(LAN)) == shown


async def test_after_an_officers_own_words_the_bot_is_silent_for_half_an_hour(database: Path) -> None:
    async with zalo_whole(database) as zalo:
        await zalo.say(LAN, "chào")
        zalo.oa.staff_says(LAN, "Tôi là Hai ở Sở, anh/chị cần gì?")
        await zalo.settled()
        await zalo.say(LAN, "liên hệ sở")
        assert zalo.oa.fresh(LAN) == []
        await zalo.passes(dt.timedelta(minutes=29))
        await zalo.say(LAN, "liên hệ sở")
        assert zalo.oa.fresh(LAN) == []
        await zalo.passes(dt.timedelta(minutes=2))
        await zalo.say(LAN, "liên hệ sở")
        assert [shown.text for shown in zalo.oa.fresh(LAN)]


async def test_a_login_that_is_lost_is_told_once_and_what_waits_leaves_after_the_next(database: Path) -> None:
    async with zalo_whole(database) as zalo:
        await zalo.say(LAN, "chào")
        zalo.oa.revoke()
        others = [f"246845883529199100{number}" for number in range(3)]
        for user in (LAN, *others):
            zalo.oa.say(user, "liên hệ sở")
        assert "bot zalo login" in await zalo.a_task("zalo-grant")
        await zalo.taken()
        await zalo.tried_in_vain()
        assert await zalo.waiting() == 4
        assert (await zalo.health())["halted"] == ["zalo-oa"]
        # It tries again, and staff do not hear of the same a second time.
        zalo.clock.advance(dt.timedelta(minutes=5))
        await zalo.tried_in_vain()
        await zalo.a_task("zalo-grant")
        assert await zalo.waiting() == 4
        await zalo.log_in()
        zalo.clock.advance(dt.timedelta(hours=1, seconds=1))
        for user in (LAN, *others):
            await zalo.oa.wait_for(user, DEPARTMENT)
            assert len(zalo.oa.fresh(user)) == 1
        assert (await zalo.health())["halted"] == []
