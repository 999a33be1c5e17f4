"""Every sentence exists in both languages with the same values, is used, and keeps to the house's manners."""

import re
from pathlib import Path

import pytest

from handlers.catalogue import Wording, WordingError, flat, wording
from handlers.commands import GROUP, PRIVATE
from handlers.department import LINES
from handlers.leads import VERBS
from handlers.profile_fields import STEPS

ROOT = Path(__file__).parents[2]
VI, EN = wording("vi"), wording("en")
#: Tables whose sentences pages and scripts take as a whole.
WHOLE = ("page.", "desk.")
HANDLERS = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "handlers").rglob("*.py")))
BOT = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "bot").rglob("*.py")))
#: Every text in the code that could be a key, what is filled in written as *.
TEXTS = {
    re.sub(r"\{[^{}]*\}", "*", text)
    for text in re.findall(r'"([a-z_]+(?:\.(?:[a-z_.]|\{[^"\n]*?\})+)?)"', HANDLERS + BOT)
}


def used(key: str) -> bool:
    """Whether the code names a key, or makes it out of parts."""
    return any(re.fullmatch(re.escape(text).replace(r"\*", "[a-z_]+(?:[.][a-z_]+)?"), key) for text in TEXTS)


def test_both_languages_have_the_same_sentences_with_the_same_values() -> None:
    assert VI.sentences.keys() == EN.sentences.keys()
    assert {key for key in VI.sentences if VI.values(key) != EN.values(key)} == set()


def test_every_sentence_is_used() -> None:
    assert [key for key in VI.sentences if not key.startswith(WHOLE) and not used(key)] == []


def test_every_key_written_whole_in_the_code_exists() -> None:
    tables = {key.partition(".")[0] for key in VI.sentences if "." in key}
    asked = {text for text in re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', HANDLERS) if text.partition(".")[0] in tables}
    asked |= set(re.findall(r'\bsay\("([a-z_.]+)"', HANDLERS + BOT))
    # These look like keys and name audit lines and entries.
    others = {"consent.withdrawn", "officer.joined", "contact.department", "contact.centre", "contact.hours"}
    assert asked - others - VI.sentences.keys() == set()


def test_every_key_made_out_of_parts_exists() -> None:
    made = [f"profile.ask.{step}" for step in (*STEPS, "edit")]
    made += [f"profile.bad.{step}" for step in (*STEPS, "confirm", "edit")]
    made += [f"profile.no_skip.{step}" for step in ("need", "phone", "confirm", "edit")]
    made += [f"consent.line.{step}" for step in STEPS]
    made += [f"{table}.{state}" for table in ("leads.state", "request.next") for state in VERBS]
    made += [f"leads.verb.{verb}" for verbs in VERBS.values() for verb in verbs]
    made += [f"officer.moved.{to}" for verbs in VERBS.values() for to in verbs.values()]
    made += [f"commands.private.{name}" for name in PRIVATE] + [f"commands.group.{name}" for name in GROUP]
    made += [f"contact.{key}" for keys in LINES.values() for key in keys]
    made += [f"answer.{reply}" for reply in ("greeting", "thanks", "farewell", "abuse", "far", "near", "unknown")]
    assert set(made) - VI.sentences.keys() == set()


@pytest.mark.parametrize("language", [VI, EN], ids=["vi", "en"])
def test_no_sentence_promises_a_call_or_money(language: Wording) -> None:
    for key, sentence in language.sentences.items():
        assert not re.search(r"sẽ gọi|will call|chắc chắn được|guarantee", sentence), key


def test_the_assistant_calls_itself_em_and_never_toi() -> None:
    mine = {
        key: text for key, text in VI.sentences.items() if re.search(r"\btôi\b", re.sub(r"[\"“][^\"”]*[\"”]", "", text))
    }
    assert set(mine) <= {"choice.erase", "choice.request", "desk.mine"}  # The person's own words on a button.


def test_the_first_words_and_sentences_are_short() -> None:
    assert all(len(text) <= 700 for text in (*VI.sentences.values(), *EN.sentences.values()))


def test_a_missing_sentence_or_value_is_named() -> None:
    with pytest.raises(WordingError, match=r"vi\.toml.*no\.such\.key"):
        VI.say("no.such.key")
    with pytest.raises(WordingError, match="count"):
        VI.say("officer.leads")
    with pytest.raises(WordingError, match="quotes"):
        flat({"a": {"b": 1}})
