"""Shipped entries load once and follow; edits are published with their history, and nobody's edit is lost."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.entry import Action, Entry, Phrasings, Source, Text
from knowledge.library import SHIPPED, Library, Seeded, seed_hash
from knowledge.shelf import FileShelf, LostUpdate, MemoryShelf

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))
LATER = NOW + dt.timedelta(days=1)
MACHINERY = Entry(
    id="kc.machinery",
    kind="scheme",
    title=Text("Mua máy", "Machines"),
    answer=Text("Tối đa 50%.", "Up to 50%."),
    status="in force",
    checked_on=dt.date(2026, 11, 23),
    phrasings=Phrasings(("mua máy",), ("buy machines",)),
    sources=(Source("TT 28/2018/TT-BTC", "Điều 8"),),
    actions=(Action("ask a person"), Action("entry", "kc.apply", Text("Hồ sơ", "Papers"))),
)
APPLY = replace(MACHINERY, id="kc.apply", title=Text("Hồ sơ", "Papers"))
SHIPPED_LATER = replace(MACHINERY, answer=Text("Tối đa 40%.", "Up to 40%."))
EDITED = replace(MACHINERY, answer=Text("Có, tối đa 50%.", "Yes, up to 50%."))


@pytest.fixture
def library() -> Library:
    """A library with two shipped entries, at version 1."""
    library = Library(MemoryShelf())
    library.seed([MACHINERY, APPLY], NOW)
    return library


def test_shipped_entries_load_once_in_one_write() -> None:
    shelf = MemoryShelf()
    library = Library(shelf)
    assert library.load() == ()
    assert library.seed([MACHINERY, APPLY], NOW) == Seeded(added=("kc.machinery", "kc.apply"))
    assert library.load() == (APPLY, MACHINERY)
    assert (library.version, shelf.read()[1]) == (1, 1)


def test_the_same_seed_again_writes_nothing(library: Library) -> None:
    assert library.seed([MACHINERY, APPLY], LATER) == Seeded()
    assert library.version == 1


def test_an_entry_is_loaded_as_it_was_seeded_by_another_process(tmp_path: Path) -> None:
    Library(FileShelf(tmp_path / "knowledge.json")).seed([MACHINERY], NOW)
    assert Library(FileShelf(tmp_path / "knowledge.json")).load() == (MACHINERY,)


def test_a_new_seed_replaces_an_unedited_entry_and_the_history_says_so(library: Library) -> None:
    assert library.seed([SHIPPED_LATER, APPLY], LATER) == Seeded(updated=("kc.machinery",))
    assert library.load() == (APPLY, SHIPPED_LATER)
    [revision] = library.revisions("kc.machinery")
    assert (revision.number, revision.editor, revision.at) == (1, SHIPPED, LATER)
    assert dict(revision.before) == {"answer": {"vi": "Tối đa 50%.", "en": "Up to 50%."}}
    assert dict(revision.after) == {"answer": {"vi": "Tối đa 40%.", "en": "Up to 40%."}}


def test_a_new_seed_of_an_edited_entry_becomes_a_draft_once_and_overwrites_nothing(library: Library) -> None:
    library.publish(EDITED, "lan", NOW, 1)
    assert library.seed([SHIPPED_LATER, APPLY], LATER) == Seeded(drafted=("kc.machinery",))
    assert library.load() == (APPLY, EDITED)
    assert library.drafts() == (SHIPPED_LATER,)
    assert library.seed([SHIPPED_LATER, APPLY], LATER) == Seeded()
    assert library.version == 3


def test_publishing_the_words_of_the_draft_is_done_with_it_and_the_entry_follows_again(library: Library) -> None:
    library.publish(EDITED, "lan", NOW, 1)
    library.seed([SHIPPED_LATER], NOW)
    library.publish(SHIPPED_LATER, "lan", LATER, library.version)
    assert library.drafts() == ()
    assert library.seed([MACHINERY], LATER) == Seeded(updated=("kc.machinery",))


def test_an_entry_the_department_wrote_itself_gets_the_shipped_one_as_a_draft(library: Library) -> None:
    own = replace(MACHINERY, id="kc.own")
    library.publish(own, "lan", NOW, 1)
    shipped = replace(SHIPPED_LATER, id="kc.own")
    assert library.seed([shipped], LATER) == Seeded(drafted=("kc.own",))
    assert own in library.load()


def test_an_entry_no_longer_shipped_stays(library: Library) -> None:
    library.seed([APPLY], LATER)
    assert library.load() == (APPLY, MACHINERY)


def test_publishing_is_one_write_with_a_revision(library: Library) -> None:
    assert library.publish(EDITED, "lan", LATER, 1) == library.version == 2
    assert library.load() == (APPLY, EDITED)
    [revision] = library.revisions("kc.machinery")
    assert (revision.editor, revision.at, list(revision.after)) == ("lan", LATER, ["answer"])
    assert library.revisions("kc.apply") == ()


def test_revisions_are_only_appended(library: Library) -> None:
    library.publish(EDITED, "lan", NOW, 1)
    first = library.revisions("kc.machinery")
    library.publish(replace(EDITED, caveat=Text("Tùy dự toán.", "Subject to budget.")), "minh", LATER, 2)
    history = library.revisions("kc.machinery")
    assert history[:1] == first
    assert [(revision.number, revision.editor) for revision in history] == [(1, "lan"), (2, "minh")]
    # The field was not there before.
    assert (dict(history[1].before), list(history[1].after)) == ({}, ["caveat"])


def test_an_edit_of_an_entry_changed_meanwhile_is_refused_and_says_what_to_do(library: Library) -> None:
    library.publish(EDITED, "lan", NOW, 1)
    with pytest.raises(LostUpdate, match=r"'kc\.machinery' was changed after it was opened; open it again"):
        library.publish(SHIPPED_LATER, "minh", LATER, 1)
    assert library.load() == (APPLY, EDITED)
    assert len(library.revisions("kc.machinery")) == 1


def test_an_edit_opened_before_a_new_seed_is_refused(library: Library) -> None:
    library.seed([SHIPPED_LATER], NOW)
    with pytest.raises(LostUpdate):
        library.publish(EDITED, "lan", LATER, 1)


def test_edits_of_two_entries_do_not_stand_in_each_others_way(library: Library) -> None:
    library.publish(EDITED, "lan", NOW, 1)
    other = replace(APPLY, answer=EDITED.answer)
    library.publish(other, "minh", NOW, 1)
    assert library.load() == (other, EDITED)


def test_an_edit_opened_on_a_version_that_never_was_is_refused(library: Library) -> None:
    with pytest.raises(LostUpdate):
        library.publish(EDITED, "lan", NOW, 9)


def test_a_removed_entry_stays_removed_whatever_is_shipped_and_keeps_its_history(library: Library) -> None:
    library.remove("kc.machinery", "lan", LATER, 1)
    assert library.load() == (APPLY,)
    assert library.seed([SHIPPED_LATER, APPLY], LATER) == Seeded()
    assert (library.load(), library.drafts()) == ((APPLY,), ())
    [revision] = library.revisions("kc.machinery")
    assert (dict(revision.after), revision.before["id"]) == ({}, "kc.machinery")


def test_a_removed_entry_comes_back_when_it_is_published(library: Library) -> None:
    version = library.remove("kc.machinery", "lan", NOW, 1)
    library.publish(EDITED, "lan", LATER, version)
    assert library.load() == (APPLY, EDITED)


def test_an_entry_that_never_was_cannot_be_removed(library: Library) -> None:
    with pytest.raises(KeyError, match=r"kc\.none"):
        library.remove("kc.none", "lan", NOW, 1)


def test_the_hash_changes_with_the_words_and_not_with_fields_left_empty() -> None:
    assert seed_hash(MACHINERY) == seed_hash(replace(MACHINERY, caveat=Text(), related=(), owner=""))
    assert seed_hash(MACHINERY) != seed_hash(SHIPPED_LATER)
    assert seed_hash(MACHINERY) != seed_hash(replace(MACHINERY, phrasings=Phrasings(("mua máy mới",), ())))


def test_the_hash_of_an_entry_is_the_same_in_every_release() -> None:
    # If this must change, every unedited entry of every installation counts as updated once.
    assert seed_hash(MACHINERY) == "cc9468fe559987dfbc325632555bb19c9291b7c18147cbb08025b8b3f0fd4bb6"
