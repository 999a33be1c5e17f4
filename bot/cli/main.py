"""The command line's door."""


def main() -> None:
    """Run the command line."""
    raise SystemExit("not yet")
