"""The folder of forms: only inert names of a size one can send, and nothing outside it."""

from pathlib import Path

from bot.forms import LARGEST, Forms


def test_a_folder_that_is_not_there_has_no_forms(tmp_path: Path) -> None:
    forms = Forms(tmp_path / "none")
    assert (forms.names, forms.path("don.docx")) == (frozenset(), None)


def test_only_forms_are_offered(tmp_path: Path) -> None:
    folder = tmp_path / "forms"
    (folder / "old.docx").mkdir(parents=True)
    for name in ("don.docx", "to-khai.pdf", "page.html", ".hidden.pdf", "đơn.docx"):
        (folder / name).write_bytes(b"x")
    (folder / "large.pdf").write_bytes(bytes(LARGEST + 1))
    (folder / "largest.pdf").write_bytes(bytes(LARGEST))
    assert Forms(folder).names == {"don.docx", "to-khai.pdf", "largest.pdf"}


def test_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret.pdf").write_bytes(b"x")
    (tmp_path / "forms").mkdir()
    forms = Forms(tmp_path / "forms")
    assert [forms.path(name) for name in ("../secret.pdf", "secret.pdf", "", ".", str(tmp_path / "secret.pdf"))] == [
        None
    ] * 5
