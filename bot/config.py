"""The settings: environment over secret files over the TOML file; every problem is reported at once, with its mend."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from bot.config_channels import Section, Telegram, ZaloBot, ZaloOa
from bot.config_values import Address, Count, Database, Day, Origins, Port
from bot.errors import ConfigError

#: Environment variables and secret files are named BOT_<SECTION>__<KEY>.
PREFIX = "bot_"
DELIMITER = "__"
#: Where containers mount secret files; systemd names its own folder in CREDENTIALS_DIRECTORY.
SECRETS = "/run/secrets"
CONTACTS = ("name", "address", "phone", "email", "hours", "centre")
#: Hosts that stand for every address of the machine.
ANYWHERE = {"0.0.0.0", "::", ""}
#: How to mend what the types refuse, by the kind of error.
MENDS = {
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "string_type": 'write a text in quotes: "…"',
    "too_short": "write a value, or leave the line out",
    "tuple_type": 'write a list: ["https://…"]',
    "model_type": "write a table: [{section}] and its keys below",
    "literal_error": "write one of {expected}",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
}


class Department(Section):
    """Contacts the department itself confirmed; empty until then. `confirmed_on` is a day, YYYY-MM-DD."""

    name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""
    centre: str = ""
    confirmed_by: str = ""
    confirmed_on: Day = ""

    @field_validator("confirmed_by", "confirmed_on")
    @classmethod
    def _confirmed(cls, value: str, info: ValidationInfo) -> str:
        if not value and any(info.data.get(contact) for contact in CONTACTS):
            raise ValueError("these contacts are shown as confirmed: write who confirmed them, and when")
        return value


class Storage(Section):
    """Where everything is kept. A relative SQLite path starts at the working directory; the store makes its folder.

    `forms` is the folder of the files that entries carry, `confidence` the file that `bot knowledge calibrate` writes;
    neither need be there.
    """

    url: Database = Field(default="sqlite:///data/cau-noi.db", repr=False)
    pool_size: Count = 8
    forms: str = "data/forms"
    confidence: str = "data/confidence.toml"


class Web(Section):
    """The public listener: chat page and webhooks. Port 0 takes any free one."""

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: Address = ""
    allowed_origins: Origins = ()
    trust_forwarded_for: bool = False


class Desk(Section):
    """The private listener: the staff's pages."""

    host: str = "127.0.0.1"
    port: Port = 8081
    public_url: Address = ""


class Limits(Section):
    """How much one person (burst, messages a minute) and one network address may send to the chat page."""

    burst: Count = 20
    per_minute: Count = 30
    per_address_per_minute: Count = 120
    sockets_per_address: Count = 20


class Answers(Section):
    """What may be answered."""

    hold_unconfirmed: bool = False


class Logs(Section):
    """How log lines look; auto: console on a terminal, JSON otherwise."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


class Sender(Section):
    """After how many seconds another process sends for one that died, and how often a row is tried (50: 22 hours)."""

    lease_seconds: Annotated[int, Field(ge=5)] = 15
    attempts: Count = 50


class Retention(Section):
    """How many days a talk's words are kept; leads and consents stay."""

    messages_days: Count = 365


Reached = TypeVar("Reached", Telegram, ZaloBot)


class Settings(Section):
    """All settings; `Settings()` has the defaults and looks at nothing."""

    department: Department = Department()
    storage: Storage = Storage()
    web: Web = Web()
    desk: Desk = Desk()
    telegram: Telegram = Telegram()
    zalo_oa: ZaloOa = ZaloOa()
    zalo_bot: ZaloBot = ZaloBot()
    limits: Limits = Limits()
    answers: Answers = Answers()
    logs: Logs = Logs()
    sender: Sender = Sender()
    retention: Retention = Retention()

    @field_validator("telegram", "zalo_bot")
    @classmethod
    def _reachable(cls, channel: Reached, info: ValidationInfo) -> Reached:
        web: Web | None = info.data.get("web")
        if channel.enabled and channel.webhook_secret.get_secret_value() and web and not web.public_url:
            raise ValueError(
                "webhook_secret needs [web] public_url, the https address updates are posted to; set it, or neither"
            )
        return channel

    @field_validator("desk")
    @classmethod
    def _apart(cls, desk: Desk, info: ValidationInfo) -> Desk:
        web: Web | None = info.data.get("web")
        if web and desk.port == web.port != 0 and (desk.host == web.host or {desk.host, web.host} & ANYWHERE):
            raise ValueError("the desk listens where the public pages do: give it another port")
        return desk


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """The settings of a file (None: no file), under the secret files, under the environment `env`.

    Raises ConfigError with one line per problem: where it was written, its key, how to mend it; never its value.
    """
    written = _read_file(path) if path else {}
    secrets = _read_secrets(Path(env.get("CREDENTIALS_DIRECTORY") or SECRETS))
    # Compose files pass what is not set as "".
    variables = {name: value for name, value in env.items() if name.lower().startswith(PREFIX) and value}
    merged = dict(written)
    origins: dict[tuple[str, str], str] = {}
    for source, kind in ((secrets, "secret file"), (variables, "environment")):
        for name, value in source.items():
            section, _, key = Path(name).name.lower().removeprefix(PREFIX).partition(DELIMITER)
            table = merged.get(section)
            merged[section] = {**(table if isinstance(table, dict) else {}), key: value}
            origins[section, key] = f"{kind}: {name}"
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        file = str(path) if path else "settings"
        problems = (_problem(details, file, origins) for details in error.errors(include_input=False))
        raise ConfigError("\n".join(problems)) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path}: cannot be read ({reason}): name a file like config.example.toml") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML ({error}): compare it with config.example.toml") from None


def _read_secrets(folder: Path) -> dict[str, str]:
    """The files of ours by path; others in that folder are not looked into."""
    try:
        ours = sorted(file for file in folder.iterdir() if file.name.lower().startswith(PREFIX))
    except OSError:
        return {}  # none mounted, or a folder of this machine that is not meant for us
    try:
        return {str(file): file.read_text("utf-8").strip() for file in ours}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{folder}: a secret file cannot be read ({type(error).__name__}): allow this user to"
        ) from None


def _problem(details: ErrorDetails, file: str, origins: Mapping[tuple[str, str], str]) -> str:
    """One line: where, key, mend."""
    section, key = (*(str(part) for part in details["loc"]), "", "")[:2]
    where = origins.get((section, key))
    if where is None and section not in Settings.model_fields:
        where = next((origin for (named, _), origin in origins.items() if named == section), None)
    if where is None:
        where = " ".join(part for part in (f"{file}:", section and f"[{section}]", key) if part).removesuffix(":")
    return f"{where}: {_mend(details, section, key)}"


def _mend(details: ErrorDetails, section: str, key: str) -> str:
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    if details["type"] == "extra_forbidden":
        known = Settings.model_fields
        names = list(cast(type[Section], known[section].annotation).model_fields if section in known else known)
        near = get_close_matches(key if section in known else section, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names)}"
        return f"there is no such setting; {hint}"
    limits: dict[str, Any] = details.get("ctx", {})
    return MENDS[details["type"]].format(section=section, **limits) if details["type"] in MENDS else details["msg"]
