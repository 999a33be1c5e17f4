"""The department's list for confirming: what each answer states, and the facts and sources it rests on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.base import References, sentences
from knowledge.contacts import filled
from knowledge.entry import Entry
from knowledge.facts import Fact
from knowledge.figures import Figure, Known, figures
from knowledge.workbook import Cell, Sheet

#: Columns the department fills in.
VERDICT = (("Đúng?", 9), ("Sửa thành", 40), ("Người xác nhận", 18), ("Ngày", 12))
ANSWER = (("Sở trả lời", 60), *VERDICT[2:])
#: What a figure of these kinds states about support, time or place; documents and articles are listed as sources.
STATED = ("number", "amount", "percent", "date", "phone")


@dataclass(frozen=True, slots=True)
class Stated:
    """One figure of an answer: where it stands, and the listed facts that hold it."""

    field: str
    sentence: str
    figure: Figure
    facts: tuple[Fact, ...]


def stated(entry: Entry, references: References) -> Iterator[Stated]:
    """The figures the Vietnamese answer states, in its order; the English one is checked against the same facts."""
    listed = references.listed(entry, "OK", "CAV", "HIST", *(("INT",) if entry.kind == "assistant" else ()))
    known = [(fact, Known(references.figures[fact.id])) for fact in listed]
    for field, language, sentence in sentences(entry):
        if language == "vi":
            for figure in figures(sentence, language):
                if figure.kind in STATED:
                    holders = tuple(fact for fact, values in known if values.holds(figure))
                    yield Stated(field.removesuffix(".vi"), sentence, figure, holders)


def refers(entry: Entry, references: References) -> bool:
    """Whether the entry only sends people on: no fact its topic was planned on may be told."""
    topic = references.topics.get(entry.id)
    planned = [references.facts[id] for id in (topic.facts if topic else entry.facts) if id in references.facts]
    return entry.kind != "assistant" and all(fact.use in ("REF", "INT") for fact in planned)


def unknowns_from(path: Path) -> tuple[tuple[str, ...], ...]:
    """What only the department knows: number, group and question. Raises OSError."""
    return tuple(tuple(line.split("\t")) for line in path.read_text("utf-8").splitlines()[1:])


def sheets(entries: Iterable[Entry], references: References, unknowns: Sequence[Sequence[str]]) -> tuple[Sheet, ...]:
    """Four sheets: every topic with its answer, every figure with its facts, what is referred, what is not known."""
    order = {id: number for number, id in enumerate(references.topics)}
    shown = sorted((filled(entry, references.contacts) for entry in entries), key=lambda e: order.get(e.id, len(order)))
    answers = tuple(_answer(entry, references) for entry in shown)
    rows = tuple(row for entry in shown for row in _figures(entry, references))
    sent = tuple(_referred(entry, references) for entry in shown if references.listed(entry, "REF"))
    answered = (
        *(("Mã mục", 20), ("Tiêu đề", 28), ("Trả lời", 60), ("Lưu ý", 36), ("Nói thêm", 80), ("Nguồn", 44)),
        *(("Hiệu lực", 14), ("Sự kiện", 18), ("Số liệu", 9), ("Đối chiếu", 12)),
    )
    counted = (
        *(("Mã mục", 20), ("Tiêu đề", 28), ("Chỗ", 10), ("Số liệu", 18), ("Câu", 60), ("Sự kiện", 12)),
        *(("Nội dung sự kiện", 60), ("Hiệu lực", 16), ("Tin cậy", 14), ("Nguồn", 14)),
    )
    referred = (
        *(("Mã mục", 20), ("Tiêu đề", 28), ("Chỉ chuyển", 12), ("Trả lời", 60), ("Nơi xử lý", 22)),
        ("Chưa nêu, vì chưa đủ nguồn", 70),
    )
    return (
        Sheet("Câu trả lời", (*answered, *VERDICT), answers),
        Sheet("Số liệu", (*counted, *VERDICT), rows),
        Sheet("Chuyển nơi khác", (*referred, *VERDICT), sent),
        Sheet("Sở cần cho biết", (("Số", 6), ("Nhóm", 18), ("Câu hỏi", 80), *ANSWER), tuple(unknowns)),
    )


def _answer(entry: Entry, references: References) -> list[Cell]:
    sources = "\n".join(", ".join(filter(None, (s.document, s.article))) for s in entry.sources)
    count = len(list(stated(entry, references)))
    head = [entry.id, entry.title.vi, entry.answer.vi, entry.caveat.vi, entry.more.vi, sources]
    return [*head, entry.status, ", ".join(entry.facts), count, entry.checked_on]


def _figures(entry: Entry, references: References) -> Iterator[list[Cell]]:
    for found in stated(entry, references):
        facts = found.facts
        yield [
            *(entry.id, entry.title.vi, found.field, found.figure.shown, found.sentence),
            ", ".join(fact.id for fact in facts),
            "\n".join(fact.vi for fact in facts),
            "\n".join(fact.status for fact in facts),
            "\n".join(fact.confidence for fact in facts),
            ", ".join(dict.fromkeys(code for fact in facts for code in fact.sources)),
        ]


def _referred(entry: Entry, references: References) -> list[Cell]:
    silent = "\n".join(f"{fact.id}: {fact.vi}" for fact in references.listed(entry, "REF"))
    whole = "cả mục" if refers(entry, references) else "một phần"
    return [entry.id, entry.title.vi, whole, entry.answer.vi, entry.route, silent]
