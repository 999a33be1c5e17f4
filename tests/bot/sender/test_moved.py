"""A chat that has another address: what waits goes there, once and in order."""

from dataclasses import replace

from bot.errors import Moved
from tests.fakes.sender_house import LAN, NAM, House


async def test_what_waits_goes_to_the_new_address_in_order(house: House) -> None:
    there = replace(LAN, chat="lan-2")
    house.channel.outcomes(LAN, Moved("the group has a new number", "lan-2"))
    await house.start()
    async with house.channel.slow(LAN):
        await house.say("1", "2")
        await house.channel.until(lambda: bool(house.channel.tried))
    await house.channel.until(lambda: len(house.channel.sent) == 2)
    assert {message.address for message in house.channel.sent} == {there}
    assert house.channel.texts == ["1", "2"]
    await house.until("2", "sent")
    assert await house.state("1") == "sent"


async def test_it_joins_who_is_there_already_and_others_go_on(house: House) -> None:
    await house.start()
    await house.say("nam", to=NAM)
    await house.until("nam", "sent")
    house.channel.outcomes(LAN, Moved("the topic is deleted", NAM.chat, NAM.thread))
    await house.say("lan", to=LAN)
    await house.sent("nam", "lan")
    assert [message.address for message in house.channel.sent] == [NAM, NAM]
