"""The figures a text states, made comparable: amounts, percentages, dates, telephone, document and article numbers."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

Language = Literal["vi", "en"]
Kind = Literal["number", "amount", "percent", "date", "phone", "document", "article"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `value` is the same however it was written, `shown` is what was written, from `start` to `end`.

    number, percent: plain decimal. amount: dong. date: YYYY-MM-DD, zeros for what was not said. phone: digits.
    document: number/year, the year empty where it was not said. article: number.
    """

    kind: Kind
    value: str
    shown: str
    start: int
    end: int


class Known:
    """The figures that may be stated, to be asked whether they hold another one."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._values: dict[str, set[str]] = {}
        for figure in figures:
            self._of(figure.kind).add(figure.value)
            if figure.kind in ("date", "document"):
                year = figure.value[:4] if figure.kind == "date" else figure.value.partition("/")[2]
                self._of("number").add(year)

    def holds(self, figure: Figure) -> bool:
        """Whether the figure is among these: a date by the parts it names, a document also without its year."""
        values = self._of(figure.kind)
        if figure.kind == "date":
            return any(_same_day(figure.value, value) for value in values)
        if figure.kind == "document":
            number, _, year = figure.value.partition("/")
            same = {value for value in values if value.partition("/")[0] == number}
            return bool(same) and (not year or figure.value in same or same == {f"{number}/"})
        return figure.value in values

    def _of(self, kind: Kind) -> set[str]:
        # Dong and plain numbers are one space: a fact may say "1.000.000" where a text says "1 triệu đồng".
        return self._values.setdefault("number" if kind == "amount" else kind, set())


def _same_day(said: str, known: str) -> bool:
    return all(int(a) in (0, int(b)) for a, b in zip(said.split("-"), known.split("-"), strict=True))


def figures(text: str, language: Language) -> tuple[Figure, ...]:
    """The figures of a text in `language` ("16,695" is below 17 in vi), in their order; numbers in words are not."""
    if not re.search(r"\d", text):
        return ()
    left = IGNORED.sub(lambda match: " " * len(match[0]), text)
    found: list[Figure] = []
    for pattern, read in (*FORMS, (VALUES[language], _value)):
        for match in pattern.finditer(left):
            found += [Figure(kind, value, match[0].strip(), *match.span()) for kind, value in read(match)]
        left = pattern.sub(lambda match: " " * len(match[0]), left)
    return _ranged(sorted(found, key=lambda figure: figure.start), text)


def _ranged(found: list[Figure], text: str) -> tuple[Figure, ...]:
    """Give the unit of "50–70 triệu" and "50/70/100%" to all their numbers."""
    for n in range(len(found) - 2, -1, -1):
        first, second = found[n], found[n + 1]
        if first.kind == "number" and second.kind in ("percent", "amount"):
            unit = re.sub(r"^(?:VND)?[\d., ]*", "", second.shown, flags=re.IGNORECASE)
            scale = SCALES.get(unit.lower(), 1)
            if TO.fullmatch(text[first.end : second.start]):
                found[n] = replace(first, kind=second.kind, value=_plain(Decimal(first.value) * scale))
    return tuple(found)


def _phone(match: re.Match[str]) -> list[tuple[Kind, str]]:
    return [("phone", re.sub(r"\D", "", match[0].replace("+84", "0")))]


def _document(match: re.Match[str]) -> list[tuple[Kind, str]]:
    return [("document", f"{int(match['n'])}/{match['y'] or ''}")]


def _date(match: re.Match[str]) -> list[tuple[Kind, str]]:
    said = match.groupdict()
    month = said["m"] if said["m"].isdigit() else str(MONTHS.index(said["m"][:3].lower()) + 1)
    return [("date", f"{said.get('y') or '0':0>4}-{month:0>2}-{said.get('d') or '0':0>2}")]


def _articles(match: re.Match[str]) -> list[tuple[Kind, str]]:
    return [("article", number) for number in re.findall(r"\d+", match[0])]


def _value(match: re.Match[str]) -> list[tuple[Kind, str]]:
    thousands, decimal = (",", ".") if match.re is VALUES["en"] else (".", ",")
    written = match["number"]
    if re.fullmatch(rf"\d{{1,3}}(\{thousands}\d{{3}})+(\{decimal}\d+)?", written):
        written = written.replace(thousands, "")
    number = Decimal(written.replace(",", "."))
    unit = (match["unit"] or "").strip().lower()
    # "VND 50" is the beginning of "VND 50–70 million".
    if unit in SCALES or (match["currency"] and not unit and number >= 1000):
        return [("amount", _plain(number * SCALES.get(unit, 1) + int(match["rest"] or 0) * SCALES["triệu"]))]
    return [("percent" if unit else "number", _plain(number))]


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


SCALES = {
    **dict.fromkeys(("nghìn tỷ", "ngàn tỷ", "trillion"), 10**12),
    **dict.fromkeys(("tỷ", "tỉ", "billion", "bn"), 10**9),
    **dict.fromkeys(("triệu", "tr", "million", "m"), 10**6),
    **dict.fromkeys(("nghìn", "ngàn", "thousand"), 1000),
    **dict.fromkeys(("đồng", "đ", "dong", "vnd"), 1),
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

TO = re.compile(r"\s?[-–/]\s?|\s(?:đến|tới|to)\s")
DAY, MONTH, YEAR = r"(?P<d>0?[1-9]|[12]\d|3[01])", r"(?P<m>0?[1-9]|1[0-2])", r"(?P<y>(?:19|20)\d\d)"
NAME = (
    r"(?P<m>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?"
    r"|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
PERCENT = r"\s?(?:%|phần trăm|per ?cent)"
#: Longest first. "300m" is an amount, "300 m" a length.
MONEY = rf"(?:\s?(?:{'|'.join(sorted(SCALES.keys() - {'m'}, key=len, reverse=True))})|m)(?!\w)"
#: What may not follow a number that is no quantity.
BARE = rf"(?!\d|[.,]\d|{PERCENT}|{MONEY})"
#: What holds digits and states nothing: addresses on the web, names of standards, list numbers, the digit nought.
IGNORED = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w.+-]+@[\w.-]+|\b(?:ISO|IATF|TCVN|QCVN)(?:[ /-]?[\d:.-]*\d)?"
    rf"|^\s*\(?\d{{1,2}}[.)]\s|(?<=\s)\(?\d\)\s|(?<![\w.,/])0(?![\w/:]){BARE}",
    re.MULTILINE | re.IGNORECASE,
)

#: Tried in this order; what one form took, the later ones do not see.
FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[tuple[Kind, str]]]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), read)
    for pattern, read in (
        (r"(?<![\w.,/])(?:\+84[ .]?|0)\d{1,3}(?:[ .-]?\d){6,7}(?![\d/])", _phone),
        (rf"\b(?P<n>\d+)(?:/{YEAR})?[/-](?:(?-i:[A-ZĐ]{{2,}}[-/][A-ZĐ])\w+|QH\d+)", _document),
        (
            r"\b(?:NĐ|TT|QĐ|NQ|nghị định|thông tư|quyết định|nghị quyết|luật"
            r"|(?:decree|circular|decision|resolution|law)s?)(?: số| no\.?)?[ -]"
            rf"(?!(?:19|20)\d\d(?!\d|/))(?P<n>\d+)(?:/{YEAR})?{BARE}",
            _document,
        ),
        (rf"\b{DAY}[/.-]{MONTH}[/.-]{YEAR}(?!\d)", _date),
        (rf"\b{YEAR}-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)", _date),
        (rf"\b{DAY} tháng {MONTH}(?:(?: năm |/){YEAR})?(?!\d)", _date),
        (rf"\btháng {MONTH} năm {YEAR}", _date),
        (rf"\b{DAY}(?:st|nd|rd|th)? {NAME}\b(?:,? {YEAR}\b)?", _date),
        (rf"\b{NAME} {DAY}(?:st|nd|rd|th)?\b(?:,? {YEAR}\b)?", _date),
        (rf"\b{NAME} {YEAR}\b", _date),
        (rf"\b{MONTH}/{YEAR}(?![\d/])", _date),
        (rf"\b(?P<n>\d{{1,4}})/{YEAR}(?![\d/])", _document),
        (rf"(?<![\w/]){DAY}/{MONTH}(?![\d/%]|[.,]\d)", _date),
        (
            r"\b(?:điều|khoản|điểm|articles?|art\.?|clauses?|points?) "
            rf"\d{{1,3}}(?:(?:\s?[,–-]\s?| (?:và|đến|and|to) )\d{{1,3}})*{BARE}",
            _articles,
        ),
    )
)
VALUES = {
    language: re.compile(
        rf"(?<!\w)(?:(?P<currency>VND) ?)?(?P<number>{number})"
        rf"(?:(?P<unit>{PERCENT}|{MONEY})(?:(?<=tỷ|on) (?P<rest>\d{{1,3}}) (?:triệu|million))?)?",
        re.IGNORECASE,
    )
    for language, number in (
        ("vi", r"\d{1,3}(?:\.\d{3})+(?:,\d+)?(?!\d)|\d+(?:[.,]\d+)?"),
        ("en", r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"),
    )
}
