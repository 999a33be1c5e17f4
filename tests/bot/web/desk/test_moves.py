"""What a form may do, and that the person hears of it."""

import pytest

from bot.store import work
from handlers.turn import LeadState
from tests.fakes.desk_browser import HERE, HTMX, Browser, audits, found, fresh_browser, stored
from tests.fakes.desk_house import DeskHouse


async def test_a_claim_moves_the_lead_and_everybody_hears_of_it(house: DeskHouse, browser: Browser) -> None:
    officer, _ = await house.officer("An", told_at="an"), await house.officer("Bình", told_at="binh")
    await house.lead("7F3K2Q")
    await browser.enter(officer)
    answer = await browser.move("7F3K2Q", "claimed", 1)
    page = await answer.text()
    assert answer.status == 200
    assert "Yêu cầu 7F3K2Q: cán bộ đã nhận." in page
    assert 'id="contacted-7F3K2Q"' in page
    lead = await stored(house, "7F3K2Q")
    assert (lead.state, lead.version, lead.officer) == ("claimed", 2, officer)
    assert await house.told("7F3K2Q") == ["Cán bộ An đã nhận yêu cầu 7F3K2Q của anh/chị."]
    assert await house.told("binh") == ["Yêu cầu 7F3K2Q: An đã nhận."]
    assert await house.told("an") == []
    actor = f"officer:{officer.id}"
    assert await audits(house) == [(actor, "desk.entered", ""), (actor, "lead.claimed", "7F3K2Q")]


async def test_a_lead_goes_all_the_way_from_the_desk(house: DeskHouse, browser: Browser) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    path: tuple[LeadState, ...] = ("claimed", "new", "claimed", "contacted", "done")
    for version, to in enumerate(path, 1):
        assert (await browser.move("7F3K2Q", to, version)).status == 200
        assert (await stored(house, "7F3K2Q")).state == to
    assert len(await house.told("7F3K2Q")) == 4, "taken, given back, taken, done"


async def test_of_two_officers_the_later_one_reads_one_sentence_and_sees_the_fresh_row(
    house: DeskHouse, browser: Browser
) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    async with fresh_browser(house) as other:
        await other.enter(await house.officer("Bình"))
        assert (await other.move("7F3K2Q", "claimed", 1)).status == 200
    told = len(house.left)
    late = await browser.move("7F3K2Q", "claimed", 1)
    page = await late.text()
    assert late.status == 409
    assert "Chưa ghi: yêu cầu 7F3K2Q vừa được người khác thay đổi" in page
    assert "Bình" in page
    assert "claim-7F3K2Q" not in page
    whole = await browser.move("7F3K2Q", "claimed", 1, HERE)
    assert whole.status == 409
    assert "<html" in await whole.text()
    lead = await stored(house, "7F3K2Q")
    assert (lead.version, lead.officer and lead.officer.name) == (2, "Bình")
    assert len(house.left) == told


@pytest.mark.parametrize(
    ("to", "version", "sentence"),
    [("contacted", 2, "Yêu cầu 7F3K2Q đã có Bình nhận."), ("claimed", 2, "Yêu cầu 7F3K2Q đã có Bình nhận.")],
)
async def test_what_the_chat_would_refuse_the_desk_refuses(
    house: DeskHouse, browser: Browser, to: str, version: int, sentence: str
) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("Bình"))
    await browser.move("7F3K2Q", "claimed", 1)
    await browser.enter(await house.officer("An"))
    answer = await browser.move("7F3K2Q", to, version)
    assert answer.status == 409
    assert f"Chưa ghi: {sentence}" in await answer.text()
    assert (await stored(house, "7F3K2Q")).version == 2


async def test_a_lead_nobody_has_is_refused_and_a_form_without_sense_not_understood(
    house: DeskHouse, browser: Browser
) -> None:
    await browser.enter(await house.officer("An"))
    unknown = await browser.move("QQQ222", "claimed", 1)
    assert (unknown.status, "Không có yêu cầu QQQ222" in await unknown.text()) == (409, True)
    assert (await browser.move("QQQ222", "stolen", 1)).status == 400
    token = await browser.token()
    for version in ("", "-1", "x"):
        assert (await browser.post("/leads/Q/state", HERE, token=token, to="new", version=version)).status == 400
    big = await browser.post("/leads/Q/state", HERE, token=token, to="x" * 20_000)
    assert (big.status, "chưa hiểu yêu cầu này" in await big.text()) == (400, True)


async def test_a_browser_without_scripts_is_sent_back_to_its_view(house: DeskHouse, browser: Browser) -> None:
    await house.lead("7F3K2Q")
    await browser.enter(await house.officer("An"))
    answer = await browser.move("7F3K2Q", "claimed", 1, HERE)
    assert (answer.status, answer.headers["Location"]) == (303, "/?view=open")


async def test_a_task_is_shown_in_words_and_done_once(house: DeskHouse, browser: Browser) -> None:
    officer = await house.officer("An")
    await house.task("erase", "erase:1", "person 7")
    await house.task("unheard-of", "x", "<b>?</b>")
    await browser.enter(officer)
    page = await browser.board()
    assert "Xóa thông tin của một người" in page
    assert "Việc khác" in page
    assert "&lt;b&gt;?&lt;/b&gt;" in page
    id, _ = found(r"hx-post=\"/tasks/(\d+)/done\"", page)
    for _ in range(2):
        answer = await browser.post(f"/tasks/{id}/done", HTMX, token=await browser.token(), view="open")
        assert answer.status == 200
        assert "xong một việc" in await answer.text()
    assert [task.kind for task in await house.store.read(work.open_tasks)] == ["unheard-of"]
    assert [found for found in await audits(house) if found[1] == "task.done"] == [
        (f"officer:{officer.id}", "task.done", id)
    ]
