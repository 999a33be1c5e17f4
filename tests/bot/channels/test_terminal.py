"""The terminal channel over real pipes, a real pseudo-terminal, and a process that has to end."""

import asyncio
import io
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.channels.base import Outgoing
from bot.channels.terminal import LONGEST_LINE, TerminalChannel, lines
from bot.errors import Away
from handlers.message import Address, Card, Choice, Inbound, Lane, Link, Reply
from tests.fakes.clock import FakeClock
from tests.fakes.house import House
from tests.fakes.terminal import WORDS, Keyboard, Screen, terminal

ROOT = Path(__file__).parents[3]
OFFER = Reply("Chọn giúp em.", (Choice("entry:a", "Mua máy"), Choice("entry:b", "Gặp cán bộ")))


@pytest.fixture
def keyboard() -> Iterator[Keyboard]:
    """A keyboard that lets go of its thread in the end."""
    made = Keyboard()
    yield made
    made.put_away()


@pytest.fixture
def screen() -> Screen:
    """An empty screen."""
    return Screen()


@pytest.fixture
async def channel(keyboard: Keyboard, screen: Screen) -> AsyncIterator[TerminalChannel]:
    """A channel between keyboard and screen, not started."""
    made = terminal(keyboard.reader, screen)
    yield made
    await made.stop()


def out(reply: Reply, *, chat: str = "lan", lane: Lane = "conversation") -> Outgoing:
    """A message on its way to the terminal."""
    return Outgoing(1, "told/1", Address("terminal", "local", chat), reply, "vi", lane=lane)


async def test_a_line_is_a_message_and_its_answer_stands_before_the_next_prompt(
    channel: TerminalChannel, keyboard: Keyboard, screen: Screen
) -> None:
    house = House()
    await house.open(channel)
    await screen.until("> ")
    keyboard.type("  mua máy \r\n")
    answer = "Anh/chị nói: mua máy\n\n1. Mua máy\n2. Gặp cán bộ\n\nGõ số để chọn.\n\n"
    await screen.until("Gõ số để chọn.\n\n> ")
    assert screen.getvalue() == f"> {answer}> "
    address = Address("terminal", "local", "lan")
    assert list(house.taken.values()) == [Inbound("line1", address, "lan", "text", FakeClock().now(), "mua máy")]
    assert house.woken == [address]


async def test_an_empty_line_asks_nothing_and_brings_the_prompt_again(
    channel: TerminalChannel, keyboard: Keyboard, screen: Screen
) -> None:
    house = House()
    await house.open(channel)
    await screen.until("> ")
    keyboard.type("\n")
    await screen.until("> > ")
    assert house.taken == {}


async def test_lines_typed_at_once_are_taken_in_order_and_all_answered_at_the_end_of_input(
    channel: TerminalChannel, keyboard: Keyboard, screen: Screen
) -> None:
    house = House()
    await house.open(channel)
    keyboard.type("".join(f"câu {number}\n" for number in range(50)) + "câu cuối")
    keyboard.end()
    async with asyncio.timeout(10):
        await channel.ended.wait()
    assert await channel.answered()
    said = [line.removeprefix("Anh/chị nói: ") for line in screen.getvalue().splitlines() if line.startswith("Anh")]
    assert said == [*(f"câu {number}" for number in range(50)), "câu cuối"]
    assert [inbound.text for inbound in house.taken.values()] == said


async def test_the_end_of_input_waits_for_an_answer_that_takes_its_time(
    channel: TerminalChannel, keyboard: Keyboard, screen: Screen
) -> None:
    house = House(lambda inbound: ())
    await house.open(channel)
    keyboard.type("mua máy\n")
    keyboard.end()
    async with asyncio.timeout(10):
        await channel.ended.wait()
    assert not await channel.answered(patience=0.5)
    waiting = asyncio.create_task(channel.answered())
    house.tell(channel.address, Reply("Một tin khác"))
    house.tell(channel.address, Reply("Đây ạ"), key="terminal/local/line1/0")
    assert await waiting
    assert screen.getvalue() == "Một tin khác\n\nĐây ạ\n\n"


async def test_a_store_that_is_full_is_said_politely_and_the_words_stay_on_the_screen(
    channel: TerminalChannel, keyboard: Keyboard, screen: Screen
) -> None:
    house = House()
    house.full = True
    with capture_logs() as logs:
        await house.open(channel)
        keyboard.type("mua máy\n")
        await screen.until("Chưa ghi được.\nmua máy\n\n> ")
        house.full, house.broken = False, RuntimeError("bí mật")
        keyboard.type("bí mật\n")
        await screen.until("Chưa ghi được.\nbí mật\n\n")
        house.broken = None
        keyboard.type("mua máy\n")
        await screen.until("Anh/chị nói: mua máy")
    assert [(line["event"], line["error"]) for line in logs] == [("terminal.take_failed", "RuntimeError")]
    assert [inbound.text for inbound in house.taken.values()] == ["mua máy"]


async def test_broken_bytes_and_endless_lines_are_only_lines(
    channel: TerminalChannel, keyboard: Keyboard, screen: Screen
) -> None:
    house = House(lambda inbound: [Reply(f"{len(inbound.text)} chữ")])
    await house.open(channel)
    keyboard.type(b"m\xe1y \xff\0\n")
    await asyncio.to_thread(keyboard.type, b"x" * 1_000_000 + b"\n")
    keyboard.type("xong\n")
    keyboard.end()
    async with asyncio.timeout(10):
        await channel.ended.wait()
    assert [inbound.text for inbound in house.taken.values()] == ["m\ufffdy \ufffd", "x" * LONGEST_LINE, "xong"]


def test_a_letter_that_arrives_in_two_pieces_is_one_letter() -> None:
    class Slow:
        def __init__(self) -> None:
            self.left = ["ế\nhai".encode()[n : n + 1] for n in range(7)]

        def read(self, size: int, /) -> bytes:
            return self.left.pop(0) if self.left else b""

    assert list(lines(Slow())) == ["ế", "hai"]


async def test_a_notice_carries_no_numbers(channel: TerminalChannel, screen: Screen) -> None:
    await channel.send(out(OFFER, lane="notice"))
    assert screen.getvalue() == "Chọn giúp em.\n\n"


async def test_a_message_that_comes_while_one_types_begins_on_its_own_line(
    channel: TerminalChannel, screen: Screen
) -> None:
    house = House()
    await house.open(channel)
    await screen.until("> ")
    house.tell(channel.address, Reply("Cán bộ đã nhận."))
    await screen.until("Cán bộ đã nhận.\n\n> ")
    assert screen.getvalue() == "> \nCán bộ đã nhận.\n\n> "
    await channel.stop()
    assert screen.getvalue().endswith("> \n")


@pytest.mark.parametrize(("colour", "head"), [(False, "Danh sách"), (True, "\x1b[1mDanh sách\x1b[0m")])
async def test_the_first_line_is_bold_only_in_colour(screen: Screen, colour: bool, head: str) -> None:
    channel = terminal(io.BytesIO(), screen, colour=colour)
    reply = Reply("Danh sách", cards=(Card("7F3K2Q", "Mua máy"),), links=(Link("Văn bản", "https://vbpl.vn/1"),))
    await channel.send(out(reply))
    assert screen.getvalue() == f"{head}\n\n7F3K2Q\nMua máy\n\nVăn bản: https://vbpl.vn/1\n\n"


async def test_a_text_from_elsewhere_cannot_steer_the_terminal(channel: TerminalChannel, screen: Screen) -> None:
    await channel.send(out(Reply("a\x1b[2Jb\x9b1mc\rd\te")))
    assert screen.getvalue() == "a[2Jb1mcd\te\n\n"


async def test_letters_the_terminal_cannot_show_are_replaced() -> None:
    shown = io.BytesIO()
    await terminal(io.BytesIO(), io.TextIOWrapper(shown, encoding="ascii", write_through=True)).send(out(Reply("Sở")))
    assert shown.getvalue() == b"S?\n\n"


async def test_what_is_for_another_user_waits_for_them(channel: TerminalChannel, screen: Screen) -> None:
    with pytest.raises(Away, match="minh is not at this terminal"):
        await channel.send(out(OFFER, chat="minh"))
    assert screen.getvalue() == ""


async def test_a_pipe_nobody_reads_ends_the_talk_and_keeps_the_message(keyboard: Keyboard) -> None:
    class Closed(Screen):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    channel = terminal(keyboard.reader, Closed())
    with capture_logs() as logs, pytest.raises(Away, match="closed"):
        await channel.send(out(OFFER))
    assert channel.ended.is_set()
    assert [line["event"] for line in logs] == ["terminal.closed"]


async def test_a_person_talks_over_a_real_terminal(screen: Screen) -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "rb", buffering=0) as reader:
        channel = terminal(reader, screen)
        house = House()
        await house.open(channel)
        os.write(master, "mua máyy\x7f\n".encode())
        await screen.until("Gõ số để chọn.\n\n> ")
        os.write(master, b"\x04")
        async with asyncio.timeout(10):
            await channel.ended.wait()
        await channel.stop()
    os.close(master)
    assert [inbound.text for inbound in house.taken.values()] == ["mua máy"]


async def test_a_process_ends_at_once_though_its_thread_waits_for_a_key() -> None:
    program = f"""
import asyncio, sys
from bot.channels.base import Taken
from bot.channels.terminal import TerminalChannel, unbuffered
from bot.clock import SystemClock

async def main() -> None:
    asked = asyncio.Event()
    async def take(inbound):
        asked.set()
        return Taken.DUPLICATE
    channel = TerminalChannel(unbuffered(sys.stdin), sys.stdout, chat="lan", clock=SystemClock(), ids=lambda: "1",
                              words={WORDS!r}, colour=False)
    await channel.start(take, lambda address: None)
    await asked.wait()
    await channel.answered()
    await channel.quiet()
    await channel.stop()

asyncio.run(main())
"""
    assert await asyncio.to_thread(run_and_type, program) == (0, "> \n", "")


def run_and_type(program: str) -> tuple[int, str, str]:
    """Run a program, type one line and keep the input open; its exit code and what it wrote."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(b"mua\n")
        process.stdin.flush()
        code = process.wait(timeout=20)
        return code, process.stdout.read().decode(), process.stderr.read().decode()
