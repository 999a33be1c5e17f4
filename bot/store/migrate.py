"""Brings a database to the newest tables; several processes may try at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from bot.errors import StoreError
from bot.store import engine as engines

#: Any number, the same in every process: whoever holds it migrates, the others wait.
ADVISORY_LOCK = 7_290_275


def config(connection: Connection) -> Config:
    """Alembic's settings, without a file; the migrations use the connection given."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.attributes["connection"] = connection
    return settings


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest revision and let go of it."""
    engine = engines.create(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def upgrade(engine: Engine) -> None:
    """Upgrade to the newest revision in one transaction. Raises StoreError for a database of a newer program."""
    with engine.begin() as connection:  # BEGIN IMMEDIATE on SQLite
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        version = MigrationContext.configure(connection).get_current_revision()
        try:
            command.upgrade(config(connection), "head")
        except CommandError as error:
            raise StoreError(
                f"The database is of version {version}, which this program does not know: "
                "run the newer program, or restore an older backup."
            ) from error
