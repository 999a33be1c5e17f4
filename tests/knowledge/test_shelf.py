"""One contract for every shelf; a file also survives crashes, damage and several writers; TinyDB works over both."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tinydb import TinyDB, where
from tinydb.storages import MemoryStorage

from knowledge.shelf import Document, FileShelf, LostUpdate, MemoryShelf, Shelf, ShelfError, Tables

DOCUMENT: Document = {"entries": {"1": {"id": "kc.machinery", "answer": {"vi": "Có"}}}}

#: Writes versions for ever, in the short and long turns that break a file overwritten in place.
WRITER = """
import sys
from pathlib import Path
from knowledge.shelf import FileShelf
shelf = FileShelf(Path(sys.argv[1]))
while True:
    _, version = shelf.read()
    shelf.write({"entries": {"1": {"id": "x", "text": "ơ" * (1 + version % 2 * 100_000)}}}, version)
    print(version + 1, flush=True)
"""


@pytest.fixture(params=["memory", "file"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return MemoryShelf() if request.param == "memory" else FileShelf(tmp_path / "knowledge.json")


def test_an_empty_shelf_has_version_nought(shelf: Shelf) -> None:
    assert shelf.read() == ({}, 0)


def test_what_was_written_is_read_and_every_write_is_the_next_version(shelf: Shelf) -> None:
    assert shelf.write(DOCUMENT, 0) == 1
    assert shelf.read() == (DOCUMENT, 1)
    assert shelf.write({}, 1) == 2
    assert shelf.read() == ({}, 2)


@pytest.mark.parametrize("expected", [0, 2])
def test_a_write_on_another_version_is_refused_and_changes_nothing(shelf: Shelf, expected: int) -> None:
    shelf.write(DOCUMENT, 0)
    with pytest.raises(LostUpdate, match=f"at version 1, not {expected}; read it again"):
        shelf.write({"entries": {}}, expected)
    assert shelf.read() == (DOCUMENT, 1)


def test_a_reader_cannot_change_what_lies_on_the_shelf(shelf: Shelf) -> None:
    shelf.write(DOCUMENT, 0)
    shelf.read()[0]["entries"]["1"]["id"] = "other"
    assert shelf.read()[0] == DOCUMENT


def test_writers_side_by_side_lose_nothing(shelf: Shelf) -> None:
    def add(name: str) -> None:
        for _ in range(10):
            while True:
                document, version = shelf.read()
                counts = document.setdefault("counts", {})
                counts[name] = counts.get(name, 0) + 1
                try:
                    shelf.write(document, version)
                except LostUpdate:
                    continue
                break

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, "abcd"))
    assert shelf.read() == ({"counts": dict.fromkeys("abcd", 10)}, 40)


def test_a_reader_beside_a_writer_sees_whole_files_and_a_kill_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.json"
    shelf = FileShelf(path)
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline())]
        seen, deadline = [shelf.read()[1]], time.monotonic() + 20
        while seen[-1] < seen[0] + 30 and time.monotonic() < deadline:
            seen.append(shelf.read()[1])
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    assert seen == sorted(seen)
    assert seen[-1] >= seen[0] + 30, "the writer stood still, so this shows nothing"
    # What was acknowledged is there; one more may have been written, but not yet said.
    assert shelf.read()[1] in (acknowledged[-1], acknowledged[-1] + 1)


def test_a_write_makes_a_new_file_and_leaves_the_old_one_as_it_was(tmp_path: Path) -> None:
    path, old = tmp_path / "knowledge.json", tmp_path / "old.json"
    FileShelf(path).write(DOCUMENT, 0)
    old.hardlink_to(path)
    FileShelf(path).write({}, 1)
    assert FileShelf(old).read() == (DOCUMENT, 1)


def test_the_rest_of_a_crash_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.json"
    path.with_name("knowledge.json.new").write_text('{"version": 9, "docum')
    shelf = FileShelf(path)
    assert shelf.read() == ({}, 0)
    assert shelf.write(DOCUMENT, 0) == 1
    assert shelf.read() == (DOCUMENT, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"version": 3, "document": {"entries"',
        b"[]",
        b'{"version": 3}',
        b'{"version": "3", "document": {}}',
        b'{"version": 0, "document": {}}',
        b'{"version": 3, "document": []}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_file_names_itself_and_the_mend_and_is_not_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "knowledge.json"
    path.write_bytes(content)
    for attempt in (lambda: FileShelf(path).read(), lambda: FileShelf(path).write(DOCUMENT, 0)):
        with pytest.raises(ShelfError, match=r"knowledge\.json.*restore it from a backup"):
            attempt()
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_names_itself(tmp_path: Path) -> None:
    with pytest.raises(ShelfError, match=r"missing/knowledge\.json: cannot be written .* check its folder"):
        FileShelf(tmp_path / "missing" / "knowledge.json").write(DOCUMENT, 0)


def test_two_files_can_be_compared_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.json"
    FileShelf(path).write({"entries": {"1": {"id": "a", "answer": {"vi": "Có"}}, "2": {"id": "b"}}}, 0)
    lines = path.read_text("utf-8").splitlines()
    FileShelf(path).write({"entries": {"1": {"id": "a", "answer": {"vi": "Không"}}, "2": {"id": "b"}}}, 1)
    changed = set(path.read_text("utf-8").splitlines()) - set(lines)
    assert changed == {'{"version": 2, "document": {', ' "1": {"id": "a", "answer": {"vi": "Không"}},'}


def test_many_changes_of_tables_are_one_write(shelf: Shelf) -> None:
    tables = Tables(shelf)
    for n in range(5):
        tables.put("entries", {"id": f"e{n}"})
        tables.add("revisions", {"id": f"e{n}", "number": 1})
    assert shelf.read() == ({}, 0)
    assert tables.save() == tables.version == 1
    assert [row["id"] for row in Tables(shelf).all("entries")] == ["e0", "e1", "e2", "e3", "e4"]
    assert Tables(shelf).of("revisions", "e3") == [{"id": "e3", "number": 1}]


def test_put_replaces_the_whole_document_and_add_appends(shelf: Shelf) -> None:
    tables = Tables(shelf)
    tables.put("entries", {"id": "e", "draft": 1})
    tables.put("entries", {"id": "e", "entry": 2})
    tables.add("revisions", {"id": "e", "number": 1})
    tables.add("revisions", {"id": "e", "number": 2})
    tables.save()
    assert Tables(shelf).of("entries", "e") == [{"id": "e", "entry": 2}]
    assert [row["number"] for row in Tables(shelf).of("revisions", "e")] == [1, 2]


def test_documents_replaced_and_added_among_others_all_stay_in_their_places(shelf: Shelf) -> None:
    tables = Tables(shelf)
    for id in "abc":
        tables.put("entries", {"id": id})
    tables.save()
    tables = Tables(shelf)
    tables.put("entries", {"id": "b", "entry": 2})
    tables.put("entries", {"id": "d"})
    tables.put("entries", {"id": "d", "entry": 3})
    tables.save()
    assert Tables(shelf).all("entries") == [{"id": "a"}, {"id": "b", "entry": 2}, {"id": "c"}, {"id": "d", "entry": 3}]


def test_tables_without_a_change_are_not_written(shelf: Shelf) -> None:
    tables = Tables(shelf)
    tables.put("entries", {"id": "e", "entry": {"vi": "Có"}})
    tables.save()
    tables = Tables(shelf)
    tables.put("entries", {"id": "e", "entry": {"vi": "Có"}})
    assert tables.save() == shelf.read()[1] == 1


def test_a_document_got_from_a_table_is_not_the_one_that_is_kept(shelf: Shelf) -> None:
    tables = Tables(shelf)
    tables.put("entries", {"id": "e"})
    tables.all("entries")[0]["id"] = "other"
    tables.of("entries", "e")[0]["id"] = "other"
    assert tables.all("entries") == [{"id": "e"}]


def test_what_was_saved_is_what_tinydb_reads(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.json"
    tables = Tables(FileShelf(path))
    for number in (1, 2):
        tables.put("entries", {"id": f"e{number}"})
        tables.add("revisions", {"id": "e1", "number": number})
    tables.save()
    document = json.loads(path.read_text("utf-8"))["document"]
    with TinyDB(storage=MemoryStorage) as database:
        database.storage.write(document)
        assert database.table("entries").get(doc_id=2) == {"id": "e2"}
        assert [row["number"] for row in database.table("revisions").search(where("id") == "e1")] == [1, 2]


def test_many_changes_take_time_by_their_number_and_not_by_its_square() -> None:
    def seconds(count: int) -> float:
        tables, began = Tables(MemoryShelf()), time.perf_counter()
        for number in range(count):
            tables.put("entries", {"id": f"e{number}"})
            tables.add("revisions", {"id": f"e{number}"})
        tables.save()
        return time.perf_counter() - began

    # Ten times as many take ten times as long; a hundred times where every change goes through the whole table.
    assert min(seconds(5_000) for _ in range(3)) < 40 * min(seconds(500) for _ in range(5))


def test_tables_saved_over_somebody_elses_write_are_refused(shelf: Shelf) -> None:
    mine, theirs = Tables(shelf), Tables(shelf)
    theirs.put("entries", {"id": "theirs"})
    theirs.save()
    mine.put("entries", {"id": "mine"})
    with pytest.raises(LostUpdate):
        mine.save()
    assert [row["id"] for row in Tables(shelf).all("entries")] == ["theirs"]


def test_a_document_that_is_not_json_is_refused_and_nothing_is_written(shelf: Shelf) -> None:
    tables = Tables(shelf)
    tables.put("entries", {"id": "e", "at": object()})
    with pytest.raises(TypeError):
        tables.save()
    assert shelf.read() == ({}, 0)
