"""The folder of forms: files that entries carry, by their names."""

from pathlib import Path

from knowledge.entry import FORM_NAME

#: Larger files are not offered, in bytes: what Zalo takes, and what a phone loads in a village.
LARGEST = 5_000_000


class Forms:
    """A folder the department fills. One that is not there has no forms."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    @property
    def names(self) -> frozenset[str]:
        """The names of the forms there are, not too large to send."""
        found = self._folder.iterdir() if self._folder.is_dir() else ()
        return frozenset(path.name for path in found if self.path(path.name) is not None)

    def path(self, name: str) -> Path | None:
        """Where the form of this name lies; None for a name that is none, so nothing outside the folder is opened."""
        path = self._folder / name
        known = FORM_NAME.fullmatch(name) and path.is_file() and path.stat().st_size <= LARGEST
        return path if known else None
