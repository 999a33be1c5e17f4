"""The one word of SQLAlchemy that other rooms speak: what their work is done with."""

from sqlalchemy import Connection as Connection
