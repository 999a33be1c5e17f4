"""Log lines are readable by people and machines, and hold neither tokens nor what people wrote."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot.logs import Format, Level, configure
from handlers.message import Address, Contact

#: Of the right look; no bot has it.
TOKEN = "1234567890:" + "AAbb-_cc99" * 3 + "ddeef"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Put the process-wide set-up back."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    structlog.reset_defaults()


class Log:
    """What was logged to a stream that is no terminal."""

    def __init__(self, level: Level = "info", format: Format = "auto") -> None:
        self.stream = io.StringIO()
        configure(level, format, self.stream)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines, read as JSON."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    @property
    def line(self) -> dict[str, Any]:
        """The only line."""
        (line,) = self.lines
        return line


def test_a_line_is_json_with_its_event_level_logger_and_time() -> None:
    log = Log()
    structlog.get_logger("bot.sender").warning("sender.later", lane="notice", reason="quá tải", after=2.5)
    line = log.line
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "sender.later",
        "level": "warning",
        "logger": "bot.sender",
        "lane": "notice",
        "reason": "quá tải",
        "after": 2.5,
    }
    assert "quá tải" in log.stream.getvalue()


def test_the_standard_library_goes_the_same_way() -> None:
    log = Log()
    logging.getLogger("somebody.else").error("lost %s", "it")
    assert (log.line["event"], log.line["level"], log.line["logger"]) == ("lost it", "error", "somebody.else")


def test_lines_of_one_task_carry_what_was_bound_to_it() -> None:
    log = Log()
    with structlog.contextvars.bound_contextvars(update="77"):
        structlog.get_logger().info("took")
        logging.getLogger("x").warning("took too")
    assert [line["update"] for line in log.lines] == ["77", "77"]


def test_the_level_counts_for_both() -> None:
    log = Log("warning")
    structlog.get_logger().info("small")
    logging.getLogger("x").info("small")
    structlog.get_logger().warning("big")
    logging.getLogger("x").warning("big")
    assert [line["event"] for line in log.lines] == ["big", "big"]


@pytest.mark.parametrize("name", ["httpx", "httpcore", "telegram", "telegram.ext", "aiohttp.access"])
def test_loggers_that_tell_tokens_or_chatter_are_quiet_even_at_debug(name: str) -> None:
    log = Log("debug")
    logging.getLogger(name).info("POST https://api.telegram.org/…")
    logging.getLogger(name).warning("heard")
    assert log.line["event"] == "heard"


def test_quiet_loggers_do_not_speak_below_the_level() -> None:
    log = Log("error")
    logging.getLogger("httpx").warning("unheard")
    assert log.lines == []


def test_a_terminal_gets_lines_for_people_and_a_pipe_json() -> None:
    terminal = Terminal()
    configure("info", "auto", terminal)
    structlog.get_logger().info("started", port=8080)
    assert "started" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")
    configure("info", "json", terminal)
    structlog.get_logger().info("started again")
    assert json.loads(terminal.getvalue().splitlines()[-1])["event"] == "started again"


def test_console_can_be_asked_for_and_shows_errors_without_colours() -> None:
    log = Log(format="console")
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        structlog.get_logger().exception("failed", phone="0912345678")
    told = log.stream.getvalue()
    assert "ValueError: bad ***" in told
    assert "\x1b" not in told
    assert "0912345678" not in told


def test_setting_up_again_replaces_and_does_not_double() -> None:
    first, second = Log(), Log()
    structlog.get_logger().info("once")
    assert first.lines == []
    assert len(second.lines) == 1


@pytest.mark.parametrize(
    "key",
    ["token", "secret", "text", "phone", "name", "authorization", "contact_name", "webhookSecret", "X-Access-Tokens"],
)
def test_private_values_are_hidden_by_their_keys(key: str) -> None:
    log = Log()
    structlog.get_logger().info("seen", **{key: "Trần Thị Mỹ"})
    assert log.line[key] == "***"


def test_words_that_only_hold_a_private_word_are_shown() -> None:
    log = Log()
    structlog.get_logger().info("seen", context="c", texture="t", key="k", kind="text")
    assert (log.line["context"], log.line["texture"], log.line["key"], log.line["kind"]) == ("c", "t", "k", "text")


def test_records_lists_and_tables_are_looked_through() -> None:
    log = Log()
    structlog.get_logger().info(
        "seen",
        contacts_seen=2,
        card=Contact("0912345678", "Mỹ", own=True),
        place=Address("telegram", "bot", "42"),
        several=[{"headers": {"Authorization": "x", "n": 1}}, (Contact("0912345678"),)],
    )
    line = log.line
    assert line["card"] == {"phone": "***", "name": "***", "own": True}
    assert line["place"] == {"channel": "telegram", "account": "bot", "chat": "42", "thread": ""}
    assert line["several"][0] == {"headers": {"Authorization": "***", "n": 1}}
    assert "0912345678" not in log.stream.getvalue()


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (f"https://api.telegram.org/bot{TOKEN}/getMe", "https://api.telegram.org/bot***/getMe"),
        (f"bot{TOKEN.replace(':', '%3A')}!", "bot***!"),
        ("Authorization: Bearer abc.def-1 sent", "Authorization: Bearer *** sent"),
        ("bearer abc", "bearer ***"),
        ("postgresql+psycopg://bot:pa%40ss@db:5432/x", "postgresql+psycopg://bot:***@db:5432/x"),
        ("port 127.0.0.1:8080 at 2026-11-24T10:00:00", "port 127.0.0.1:8080 at 2026-11-24T10:00:00"),
    ],
)
def test_secrets_are_hidden_by_their_look_in_every_text(told: str, shown: str) -> None:
    log = Log()
    structlog.get_logger().info(told, where=told, error=ValueError(told))
    logging.getLogger("x").warning("%s", told)
    ours, theirs = log.lines
    assert (ours["event"], ours["where"], theirs["event"]) == (shown, shown, shown)
    assert ours["error"] == f"ValueError('{shown}')"


def test_secrets_are_hidden_in_the_text_of_errors_and_their_causes() -> None:
    log = Log()
    try:
        try:
            raise OSError(f"GET /bot{TOKEN}/x")
        except OSError as cause:
            raise RuntimeError("Bearer abcdef") from cause
    except RuntimeError:
        structlog.get_logger().exception("failed")
        logging.getLogger("x").exception("failed there")
    ours, theirs = log.lines
    for line in (ours, theirs):
        assert "OSError: GET /bot***/x" in line["exception"]
        assert "RuntimeError: Bearer ***" in line["exception"]
    assert TOKEN not in log.stream.getvalue()
