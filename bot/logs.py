"""How log lines look, and what never stands in one: tokens, and what people wrote or are called."""

import dataclasses
import logging
import re
from collections.abc import Mapping
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "console", "json"]

#: What stands in place of a hidden value.
HIDDEN = "***"
#: A value whose key holds one of these words is hidden: contact_name, webhook_secret, X-Access-Tokens …
PRIVATE = frozenset(
    ("token", "secret", "password", "authorization", "cookie", "text", "phone", "email", "name", "contact", "payload")
)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: Secrets by their look, wherever they stand: bot tokens (in the URLs of the Bot API too), Bearer values, passwords in
#: URLs. The groups are kept.
SECRETS = re.compile(
    r"\d{5,}(?::|%3A)[A-Za-z0-9_-]{30,}|(\bBearer\s+)[A-Za-z0-9._~+/=-]+|(://[^\s/:@]*:)[^\s/@]+(?=@)", re.IGNORECASE
)
#: Chatty loggers, and those whose lines hold a token at INFO (httpx tells each URL).
QUIET = ("httpx", "httpcore", "telegram", "aiohttp.access", "alembic")
HANDLER = "cau-noi"


def configure(level: Level, format: Format, stream: TextIO) -> None:
    """Send the lines of structlog and of the standard library to `stream`; calling it again replaces the set-up."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    console = format == "console" or (format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(stream)
    handler.set_name(HANDLER)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Before hiding, so that the text of an error is looked through like any other.
                structlog.processors.format_exc_info,
                hide,
                last,
            ],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if old.get_name() == HANDLER]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(threshold)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def hide(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor: hides private values by their keys, and secrets by their look in every text."""
    return {key: HIDDEN if is_private(key) else without_secrets(value) for key, value in event.items()}


def is_private(key: str) -> bool:
    """Whether a key names something no line may hold."""
    return any(word.lower().removesuffix("s") in PRIVATE for word in WORD.findall(key))


def without_secrets(value: object) -> object:
    """The value with everything private in it hidden, however deep; records as their fields, other objects as text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): HIDDEN if is_private(str(key)) else without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [without_secrets(inner) for inner in value]
    text = repr(value) if isinstance(value, BaseException) else str(value)
    return SECRETS.sub(lambda found: f"{found[1] or found[2] or ''}{HIDDEN}", text)
