"""The words of SQLAlchemy that other rooms speak: what their work is done with, and how the database says no."""

from sqlalchemy import Connection as Connection
from sqlalchemy.exc import DBAPIError as DatabaseError

__all__ = ["Connection", "DatabaseError"]
