"""Facts and topics are read whole, or every bad line is named at once."""

import json
from pathlib import Path

import pytest

from knowledge.facts import Fact, FactsError, Topic, facts_from, topics_from

FOLDER = Path(__file__).parents[2] / "knowledge"
RAW = {
    "id": "KC-11",
    "topic": "Khuyến công",
    "vi": "Tối đa 50%.",
    "en": "Up to 50%.",
    "sources": ["KC28"],
    "status": "HL?",
    "confidence": "2S",
    "use": "CAV",
}


def lines(path: Path, *texts: str) -> Path:
    path.write_text("\n".join(texts) + "\n", "utf-8")
    return path


def test_the_shipped_files_are_read_whole_and_topics_rest_on_facts_that_exist() -> None:
    facts, topics = facts_from(FOLDER / "facts.jsonl"), topics_from(FOLDER / "topics.tsv")
    assert (len(facts), len(topics)) == (231, 92)
    assert {id for topic in topics for id in topic.facts} <= {fact.id for fact in facts}


def test_a_fact_is_read_with_every_field(tmp_path: Path) -> None:
    path = lines(tmp_path / "facts.jsonl", json.dumps(RAW), "")
    assert facts_from(path) == (
        Fact("KC-11", "Khuyến công", "Tối đa 50%.", "Up to 50%.", ("KC28",), "HL?", "2S", "CAV"),
    )


def test_a_topic_is_read_with_its_facts(tmp_path: Path) -> None:
    path = lines(tmp_path / "topics.tsv", "id\ttitle_vi\tfacts", "kc.machinery\tMua máy\tKC-11, KC-23")
    assert topics_from(path) == (Topic("kc.machinery", "Mua máy", ("KC-11", "KC-23")),)


def test_every_bad_line_is_named_with_its_mend(tmp_path: Path) -> None:
    bad = [
        "{",
        json.dumps([RAW]),
        json.dumps(RAW | {"extra": 1}),
        json.dumps(RAW | {"vi": " "}),
        json.dumps(RAW | {"sources": "KC28"}),
        json.dumps(RAW | {"use": "YES"}),
        json.dumps(RAW),
    ]
    with pytest.raises(FactsError) as caught:
        facts_from(lines(tmp_path / "facts.jsonl", json.dumps(RAW), *bad))
    assert [fault.split(": ", 1)[0] for fault in caught.value.faults] == [f"facts.jsonl:{n}" for n in range(2, 9)]
    for fault, words in zip(
        caught.value.faults,
        ("not JSON", "exactly these", "exactly these", "'vi'", "'sources'", "OK, CAV", "'KC-11' stands on"),
        strict=True,
    ):
        assert words in fault
    assert str(caught.value).count("\n") == 6


def test_bad_lines_of_topics_are_named_too(tmp_path: Path) -> None:
    path = lines(tmp_path / "topics.tsv", "id\ttitle_vi\tfacts", "kc.machinery\tMua máy", "kc.apply\t\tKC-14")
    with pytest.raises(FactsError) as caught:
        topics_from(path)
    assert [fault[:13] for fault in caught.value.faults] == ["topics.tsv:2:", "topics.tsv:3:"]


def test_topics_need_their_heading(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match=r"topics\.tsv:1: write the heading id, title_vi, facts"):
        topics_from(lines(tmp_path / "topics.tsv", "kc.machinery\tMua máy\tKC-11"))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FactsError, match=r"facts\.jsonl: cannot be read"):
        facts_from(tmp_path / "facts.jsonl")
