"""Shipped entries load once and follow; edits are published with their history, and nobody's edit is lost."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.entry import Action, Entry, Phrasings, Source
from knowledge.fields import EntryError, Text
from knowledge.library import SHIPPED, Change, Draft, Library, Seeded, seed_hash
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
def shelf() -> MemoryShelf:
    """What the library lies on."""
    return MemoryShelf()


@pytest.fixture
def library(shelf: MemoryShelf) -> Library:
    """A library with two shipped entries, at version 1."""
    library = Library(shelf)
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
    library.publish([EDITED], "lan", NOW, 1)
    assert library.seed([SHIPPED_LATER, APPLY], LATER) == Seeded(drafted=("kc.machinery",))
    assert library.load() == (APPLY, EDITED)
    assert library.drafts() == (Draft(SHIPPED_LATER, SHIPPED, LATER, 3),)
    assert library.seed([SHIPPED_LATER, APPLY], LATER) == Seeded()
    assert library.version == 3


def test_publishing_the_words_of_the_draft_is_done_with_it_and_the_entry_follows_again(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    library.seed([SHIPPED_LATER], NOW)
    library.publish([SHIPPED_LATER], "lan", LATER, library.version)
    assert library.drafts() == ()
    assert library.seed([MACHINERY], LATER) == Seeded(updated=("kc.machinery",))


def test_an_entry_the_department_wrote_itself_gets_the_shipped_one_as_a_draft(library: Library) -> None:
    own = replace(MACHINERY, id="kc.own")
    library.publish([own], "lan", NOW, 1)
    shipped = replace(SHIPPED_LATER, id="kc.own")
    assert library.seed([shipped], LATER) == Seeded(drafted=("kc.own",))
    assert own in library.load()


def test_an_entry_no_longer_shipped_stays(library: Library) -> None:
    library.seed([APPLY], LATER)
    assert library.load() == (APPLY, MACHINERY)


def test_publishing_is_one_write_with_a_revision(library: Library) -> None:
    assert library.publish([EDITED], "lan", LATER, 1) == Change(2, ("kc.machinery",))
    assert library.version == 2
    assert library.load() == (APPLY, EDITED)
    [revision] = library.revisions("kc.machinery")
    assert (revision.editor, revision.at, list(revision.after)) == ("lan", LATER, ["answer"])
    assert revision.version == 2
    assert library.revisions("kc.apply") == ()


def test_revisions_are_only_appended(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    first = library.revisions("kc.machinery")
    library.publish([replace(EDITED, caveat=Text("Tùy dự toán.", "Subject to budget."))], "minh", LATER, 2)
    history = library.revisions("kc.machinery")
    assert history[:1] == first
    assert [(revision.number, revision.editor) for revision in history] == [(1, "lan"), (2, "minh")]
    # The field was not there before.
    assert (dict(history[1].before), list(history[1].after)) == ({}, ["caveat"])


def test_an_edit_of_an_entry_changed_meanwhile_is_refused_and_says_what_to_do(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    with pytest.raises(LostUpdate, match=r"'kc\.machinery' was changed after it was opened; open it again"):
        library.publish([SHIPPED_LATER], "minh", LATER, 1)
    assert library.load() == (APPLY, EDITED)
    assert len(library.revisions("kc.machinery")) == 1


def test_an_edit_opened_before_a_new_seed_is_refused(library: Library) -> None:
    library.seed([SHIPPED_LATER], NOW)
    with pytest.raises(LostUpdate):
        library.publish([EDITED], "lan", LATER, 1)


def test_edits_of_two_entries_do_not_stand_in_each_others_way(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    other = replace(APPLY, answer=EDITED.answer)
    library.publish([other], "minh", NOW, 1)
    assert library.load() == (other, EDITED)


def test_an_edit_opened_on_a_version_that_never_was_is_refused(library: Library) -> None:
    with pytest.raises(LostUpdate):
        library.publish([EDITED], "lan", NOW, 9)


def test_a_removed_entry_stays_removed_whatever_is_shipped_and_keeps_its_history(library: Library) -> None:
    library.remove("kc.machinery", "lan", LATER, 1)
    assert library.load() == (APPLY,)
    assert library.seed([SHIPPED_LATER, APPLY], LATER) == Seeded()
    assert (library.load(), library.drafts()) == ((APPLY,), ())
    [revision] = library.revisions("kc.machinery")
    assert (dict(revision.after), revision.before["id"]) == ({}, "kc.machinery")


def test_a_removed_entry_comes_back_when_it_is_published(library: Library) -> None:
    removed = library.remove("kc.machinery", "lan", NOW, 1)
    library.publish([EDITED], "lan", LATER, removed.version)
    assert library.load() == (APPLY, EDITED)


def test_an_entry_that_never_was_cannot_be_removed(library: Library) -> None:
    with pytest.raises(KeyError, match=r"kc\.none"):
        library.remove("kc.none", "lan", NOW, 1)


def test_words_a_new_seed_has_in_common_with_the_department_are_no_draft_and_follow_again(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    library.seed([SHIPPED_LATER], NOW)
    assert library.seed([EDITED], LATER) == Seeded()
    assert library.drafts() == ()
    assert library.seed([MACHINERY], LATER) == Seeded(updated=("kc.machinery",))


def test_many_entries_are_published_in_one_write_and_only_the_changed_get_a_revision(library: Library) -> None:
    new = replace(MACHINERY, id="kc.new")
    assert library.publish([EDITED, APPLY, new], "lan", LATER, 1) == Change(2, ("kc.machinery", "kc.new"))
    assert library.load() == (APPLY, EDITED, new)
    assert [len(library.revisions(entry.id)) for entry in library.load()] == [0, 1, 1]
    assert library.changed == {"kc.machinery": 2, "kc.apply": 1, "kc.new": 2}


def test_publishing_what_is_published_writes_nothing(library: Library) -> None:
    assert library.publish([MACHINERY, APPLY], "lan", LATER, 1) == Change(1, ())
    assert library.version == 1


def test_of_many_entries_all_in_conflict_are_named_and_none_is_published(library: Library) -> None:
    library.publish([EDITED, replace(APPLY, answer=EDITED.answer)], "lan", NOW, 1)
    new = replace(MACHINERY, id="kc.new")
    with pytest.raises(LostUpdate, match=r"'kc\.machinery', 'kc\.apply' were changed after they were opened") as lost:
        library.publish([MACHINERY, APPLY, new], "minh", LATER, 1)
    assert lost.value.ids == ("kc.machinery", "kc.apply")
    assert (library.version, [entry.id for entry in library.load()]) == (2, ["kc.apply", "kc.machinery"])


def test_every_entry_may_be_expected_at_its_own_version(library: Library) -> None:
    exported = library.changed
    library.publish([replace(APPLY, answer=EDITED.answer)], "lan", NOW, 1)
    new = replace(MACHINERY, id="kc.new")
    # Only the one that changed after its own version stands in the way; a new one is expected nowhere.
    with pytest.raises(LostUpdate) as lost:
        library.publish([EDITED, replace(APPLY, answer=Text("Khác.")), new], "minh", LATER, exported)
    assert lost.value.ids == ("kc.apply",)
    assert library.publish([EDITED, new], "minh", LATER, exported) == Change(3, ("kc.machinery", "kc.new"))


def test_an_entry_that_is_there_and_expected_nowhere_is_in_conflict(library: Library) -> None:
    with pytest.raises(LostUpdate):
        library.publish([EDITED], "lan", LATER, {"kc.apply": 1})


def test_a_change_sent_again_after_its_answer_was_lost_is_no_conflict(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    assert library.publish([EDITED], "lan", LATER, 1) == Change(2, ())
    assert library.remove("kc.apply", "lan", LATER, 1) == Change(3, ("kc.apply",))
    assert library.remove("kc.apply", "lan", LATER, 1) == Change(3, ())


def test_an_id_twice_in_one_publish_is_refused(library: Library) -> None:
    with pytest.raises(ValueError, match=r"'kc\.machinery' is there twice"):
        library.publish([EDITED, SHIPPED_LATER], "lan", NOW, 1)
    assert library.version == 1


def test_an_entry_that_could_not_be_read_back_is_refused_before_it_keeps_the_base_from_loading(
    library: Library,
) -> None:
    for edit in (library.draft, lambda entry, *rest: library.publish([entry], *rest)):
        with pytest.raises(EntryError, match=r"'kc\.machinery': field 'title"):
            edit(replace(MACHINERY, title=Text()), "lan", NOW, 1)
    assert library.load() == (APPLY, MACHINERY)


def test_versions_of_entries_are_known_to_who_loads_them(library: Library, shelf: MemoryShelf) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    library.remove("kc.apply", "lan", NOW, 2)
    fresh = Library(shelf)
    fresh.load()
    assert (fresh.version, fresh.changed) == (3, {"kc.machinery": 2, "kc.apply": 3})


def test_a_draft_is_kept_beside_what_people_are_told(library: Library) -> None:
    assert library.draft(EDITED, "lan", LATER, 1) == 2
    assert library.drafts() == (Draft(EDITED, "lan", LATER, 2),)
    assert (library.load(), library.revisions("kc.machinery")) == ((APPLY, MACHINERY), ())


def test_the_same_draft_again_writes_nothing(library: Library) -> None:
    library.draft(EDITED, "lan", NOW, 1)
    assert library.draft(EDITED, "lan", LATER, 1) == 2
    assert library.drafts() == (Draft(EDITED, "lan", NOW, 2),)


def test_a_draft_over_another_editors_is_refused_unless_it_was_read(library: Library) -> None:
    library.draft(EDITED, "lan", NOW, 1)
    with pytest.raises(LostUpdate, match="open it again"):
        library.draft(SHIPPED_LATER, "minh", LATER, 1)
    assert [draft.editor for draft in library.drafts()] == ["lan"]
    library.draft(SHIPPED_LATER, "minh", LATER, 2)
    assert library.drafts() == (Draft(SHIPPED_LATER, "minh", LATER, 3),)


def test_a_draft_of_an_entry_published_meanwhile_is_refused(library: Library) -> None:
    library.publish([EDITED], "minh", NOW, 1)
    with pytest.raises(LostUpdate):
        library.draft(SHIPPED_LATER, "lan", LATER, 1)


def test_a_draft_written_before_somebody_elses_publish_cannot_be_published_over_it(library: Library) -> None:
    library.draft(EDITED, "lan", NOW, 1)
    library.publish([SHIPPED_LATER], "minh", NOW, 2)
    [draft] = library.drafts()
    with pytest.raises(LostUpdate):
        library.publish([draft.entry], "lan", LATER, draft.version)
    assert library.load() == (APPLY, SHIPPED_LATER)


@pytest.mark.parametrize(("published", "editor"), [(EDITED, "minh"), (SHIPPED_LATER, "lan")])
def test_a_draft_is_done_with_when_its_words_or_its_editors_are_published(
    library: Library, published: Entry, editor: str
) -> None:
    library.draft(EDITED, "lan", NOW, 1)
    library.publish([published], editor, LATER, 2)
    assert (library.drafts(), library.version) == ((), 3)
    assert published in library.load()


def test_a_draft_outlives_an_import_of_what_is_published_but_for_a_draft_of_just_that(library: Library) -> None:
    library.draft(EDITED, "lan", NOW, 1)
    library.draft(APPLY, "lan", NOW, 1)
    assert library.publish([MACHINERY, APPLY], "lan", LATER, 3) == Change(4, ())
    assert [draft.id for draft in library.drafts()] == ["kc.machinery"]


def test_a_draft_outlives_what_others_publish(library: Library) -> None:
    library.draft(EDITED, "lan", NOW, 1)
    library.publish([SHIPPED_LATER], "minh", LATER, 2)
    library.remove("kc.machinery", "minh", LATER, 3)
    assert [draft.editor for draft in library.drafts()] == ["lan"]


def test_what_an_upgrade_offers_to_an_entry_goes_when_the_entry_is_removed(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    library.seed([SHIPPED_LATER], NOW)
    library.remove("kc.machinery", "lan", LATER, 3)
    assert library.drafts() == ()


def test_the_draft_of_a_new_entry_is_told_to_nobody_until_it_is_published(library: Library) -> None:
    new = replace(MACHINERY, id="kc.new")
    library.draft(new, "lan", NOW, 1)
    assert library.load() == (APPLY, MACHINERY)
    assert "kc.new" not in library.changed
    assert library.publish([new], "lan", LATER, 2) == Change(3, ("kc.new",))
    assert (library.drafts(), new in library.load()) == ((), True)


def test_an_upgrade_brings_an_entry_that_so_far_is_only_a_draft(library: Library) -> None:
    own, shipped = replace(EDITED, id="kc.new"), replace(MACHINERY, id="kc.new")
    library.draft(own, "lan", NOW, 1)
    assert library.seed([MACHINERY, APPLY, shipped], LATER) == Seeded(added=("kc.new",))
    assert shipped in library.load()
    assert [draft.entry for draft in library.drafts()] == [own]


def test_an_upgrades_draft_lies_beside_an_editors(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    own = replace(EDITED, caveat=Text("Tùy dự toán."))
    library.draft(own, "lan", NOW, 2)
    library.seed([SHIPPED_LATER], LATER)
    assert library.drafts() == (Draft(own, "lan", NOW, 3), Draft(SHIPPED_LATER, SHIPPED, LATER, 4))


def test_a_draft_is_discarded_alone(library: Library) -> None:
    library.publish([EDITED], "lan", NOW, 1)
    library.draft(MACHINERY, "lan", NOW, 2)
    library.seed([SHIPPED_LATER], LATER)
    assert library.discard("kc.machinery", SHIPPED, 4) == 5
    assert [draft.editor for draft in library.drafts()] == ["lan"]
    assert library.discard("kc.machinery", "lan", 5) == 6
    assert (library.drafts(), library.load()) == ((), (APPLY, EDITED))
    assert library.seed([SHIPPED_LATER], LATER) == Seeded()


def test_a_draft_rewritten_meanwhile_is_not_discarded(library: Library) -> None:
    library.draft(EDITED, "lan", NOW, 1)
    library.draft(SHIPPED_LATER, "lan", NOW, 2)
    with pytest.raises(LostUpdate):
        library.discard("kc.machinery", "lan", 2)


@pytest.mark.parametrize(("id", "editor"), [("kc.machinery", "minh"), ("kc.machinery", SHIPPED), ("kc.none", "lan")])
def test_a_draft_that_is_not_there_cannot_be_discarded(library: Library, id: str, editor: str) -> None:
    library.draft(EDITED, "lan", NOW, 1)
    with pytest.raises(KeyError):
        library.discard(id, editor, 2)


def test_the_hash_changes_with_the_words_and_not_with_fields_left_empty() -> None:
    assert seed_hash(MACHINERY) == seed_hash(replace(MACHINERY, caveat=Text(), related=(), owner=""))
    assert seed_hash(MACHINERY) != seed_hash(SHIPPED_LATER)
    assert seed_hash(MACHINERY) != seed_hash(replace(MACHINERY, phrasings=Phrasings(("mua máy mới",), ())))


def test_the_hash_of_an_entry_is_the_same_in_every_release() -> None:
    # If this must change, every unedited entry of every installation counts as updated once.
    assert seed_hash(MACHINERY) == "cc9468fe559987dfbc325632555bb19c9291b7c18147cbb08025b8b3f0fd4bb6"
