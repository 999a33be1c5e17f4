"""The only rooms that know SQLAlchemy: one turn is one transaction."""
