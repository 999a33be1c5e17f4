"""What the value of a setting must look like; each check answers it made uniform, or says how to mend it."""

import datetime as dt
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field


def web_address(value: str) -> str:
    """A web address without its last slash, or ""."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError('write a web address that begins with https:// (or http://), or ""')
    return value.rstrip("/")


def origin(value: str) -> str:
    """A page's origin: scheme, host, port."""
    origin = value.lower().rstrip("/")
    parts = urlsplit(origin)
    if not parts.netloc or origin not in (f"https://{parts.netloc}", f"http://{parts.netloc}"):
        raise ValueError("write each origin as https://host or https://host:port, with no path")
    return origin


def proxy(value: str) -> str:
    """An HTTP proxy, or ""."""
    if value and not (value.startswith(("http://", "https://")) and urlsplit(value).hostname):
        raise ValueError('write an HTTP proxy as http://host:port (SOCKS is not supported), or ""')
    return value


def database(value: str) -> str:
    """A database URL, for PostgreSQL with the name of our driver."""
    scheme, _, rest = value.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and rest not in ("/", "/:memory:"):
        return value
    if scheme in ("postgresql", "postgresql+psycopg") and rest:
        return f"postgresql+psycopg://{rest}"
    raise ValueError("write sqlite:///path/to/file.db or postgresql://user@host/database")


def day(value: object) -> object:
    """A day as text; TOML has days of its own."""
    text = value.isoformat() if isinstance(value, dt.date) else value
    if isinstance(text, str) and text:
        try:
            return dt.date.fromisoformat(text).isoformat()
        except ValueError:
            raise ValueError("write a day as YYYY-MM-DD") from None
    return text


def listed(value: object) -> object:
    """A list as the environment can write it: separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Port = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=1)]
Address = Annotated[str, AfterValidator(web_address)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(origin)], ...], BeforeValidator(listed)]
Proxy = Annotated[str, AfterValidator(proxy)]
Database = Annotated[str, AfterValidator(database)]
Day = Annotated[str, BeforeValidator(day)]
