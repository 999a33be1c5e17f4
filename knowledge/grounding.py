"""Rules about facts: every figure has one, each is used as its tag allows, and support is told as a ceiling."""

import re
from collections.abc import Iterator, Mapping

from knowledge.base import Base, Problem, at, sentences
from knowledge.entry import Entry
from knowledge.facts import Use
from knowledge.figures import Figure, Known, Language, figures

CEILING: Mapping[Language, re.Pattern[str]] = {
    "vi": re.compile(r"tối đa", re.IGNORECASE),
    "en": re.compile(r"up to|at most|maximum", re.IGNORECASE),
}
NO_PROMISE: Mapping[Language, re.Pattern[str]] = {
    "vi": re.compile(r"không phải cam kết", re.IGNORECASE),
    "en": re.compile(r"not a commitment", re.IGNORECASE),
}
#: Words that promise what a budget and an officer decide.
PROMISE: Mapping[Language, re.Pattern[str]] = {
    "vi": re.compile(
        r"\bchắc chắn (?:được|có|nhận)|\bcam đoan\b|\bsẽ (?:được (?:cấp|hỗ trợ|nhận|duyệt)|gọi lại)", re.I
    ),
    "en": re.compile(r"\bwill (?:certainly|get|receive|be (?:paid|granted|approved)|call (?:you )?back)\b", re.I),
}
#: A figure after one of these is a threshold, not a rate.
THRESHOLD = re.compile(
    r"(?:tối thiểu|ít nhất|từ|trên|dưới|at least|minimum|over|above|below|under|more than|less than|from)\s$",
    re.IGNORECASE,
)
#: Where a fact speaks of a rate of support.
RATE = re.compile(r"tối đa|không quá|hỗ trợ tới", re.IGNORECASE)
#: A year that tells when something was so.
YEAR = re.compile(r"(?<!\d)20[0-2]\d(?!\d)")


def rests_on_something(entry: Entry, base: Base) -> Iterator[Problem]:
    """There is a source and a fact, the facts exist, and those the topic was planned on are among them."""
    known = base.references.facts
    if not entry.sources:
        yield at(entry, "sources", "no source", "name the document the answer rests on")
    if not entry.facts:
        yield at(entry, "facts", "no fact", "list the facts the answer rests on")
    for id in entry.facts:
        if id not in known:
            yield at(entry, "facts", f"'{id}' is not in facts.jsonl", "correct the id, or add the fact there")
    topic = base.references.topics.get(entry.id)
    if topic and entry.facts and (missing := [id for id in topic.facts if id not in entry.facts]):
        yield at(entry, "facts", f"{', '.join(missing)} of topics.tsv not listed", "list what the topic rests on")


def held_figures(entry: Entry, base: Base) -> Iterator[Problem]:
    """Every figure stands in a listed fact that may be stated; the others may only name documents."""
    # What the department signed rests on its own word, which may be newer than our facts.
    if entry.confirmed:
        return
    refer = base.references
    uses: tuple[Use, ...] = ("OK", "CAV", "HIST", "INT") if entry.kind == "assistant" else ("OK", "CAV", "HIST")
    silent = refer.listed(entry, "REF", "INT")
    # A document can be named where its content cannot be told, unless nobody could verify that it exists.
    documents = refer.stated(fact for fact in silent if not fact.confidence.startswith("UNV"))
    named = (figure for figure in documents if figure.kind in ("document", "article"))
    allowed = Known((*refer.stated(refer.listed(entry, *uses)), *named, *_own(entry)))
    hidden = Known(refer.stated(silent))
    for field, language, sentence in sentences(entry):
        for figure in figures(sentence, language):
            if allowed.holds(figure):
                continue
            if hidden.holds(figure):
                text = f"'{figure.shown}' comes from a fact that gives no figures (REF or INT)"
                yield at(entry, field, text, "take it out and name who knows")
            else:
                holders = ", ".join(refer.holders(figure)[:3])
                mend = f"list the fact it comes from (perhaps {holders})" if holders else "take it out"
                yield at(entry, field, f"no listed fact holds '{figure.shown}'", mend)


def known_sources(entry: Entry, base: Base) -> Iterator[Problem]:
    """Documents, articles and days of the sources stand in the facts too: nobody made them up."""
    if entry.confirmed:
        return
    known = base.references.documented
    for number, source in enumerate(entry.sources, 1):
        for figure in (*figures(f"{source.document}\n{source.article}", "vi"), *figures(source.issued, "vi")):
            if figure.kind in ("document", "article", "date") and not known.holds(figure):
                text = f"no fact holds '{figure.shown}'"
                yield at(entry, f"sources[{number}]", text, "take it out, or add the fact with its source")


def told_as_history(entry: Entry, base: Base) -> Iterator[Problem]:
    """A figure that only history holds stands beside the year it was true in."""
    refer = base.references
    present = Known((*refer.stated(refer.listed(entry, "OK", "CAV", "INT")), *_own(entry)))
    past = Known(refer.stated(refer.listed(entry, "HIST")))
    for field, language, sentence in sentences(entry):
        name, _, _ = field.partition(".")
        if YEAR.search(getattr(getattr(entry, name), language)):
            continue
        for figure in figures(sentence, language):
            if figure.kind not in ("document", "article") and past.holds(figure) and not present.holds(figure):
                yield at(entry, field, f"'{figure.shown}' is history and no year says so", "write when it was so")


def cautioned(entry: Entry, base: Base) -> Iterator[Problem]:
    """What is only known with a reservation is told with one."""
    if not entry.caveat and (facts := base.references.listed(entry, "CAV")):
        text = f"no caveat, though {facts[0].id} may only be told with one (CAV)"
        yield at(entry, "caveat.vi", text, "write the reservation: what may have changed, who decides")


def at_most(entry: Entry, base: Base) -> Iterator[Problem]:
    """A rate of support is a ceiling and says so in its own sentence; the caveat says that it is no commitment."""
    told = False
    for field, language, figure, sentence in _rates(entry, base):
        told = True
        if not CEILING[language].search(sentence):
            words = '"tối đa"' if language == "vi" else '"up to" or "at most"'
            yield at(entry, field, f"'{figure.shown}' without {words}", f"write {words} into the same sentence")
    for language, reserved in NO_PROMISE.items():
        if told and not reserved.search(entry.caveat.get(language)):
            text = "rates of support without saying that they are no commitment"
            yield at(entry, f"caveat.{language}", text, '"không phải cam kết; tùy dự toán", "not a commitment; …"')


def no_promise(entry: Entry, base: Base) -> Iterator[Problem]:
    """Nothing is promised that others decide."""
    for field, language, sentence in sentences(entry):
        if found := PROMISE[language].search(sentence):
            yield at(entry, field, f"'{found[0]}' promises", 'say what can be asked for: "có thể được xét", "may"')


def sourced_criteria(entry: Entry, base: Base) -> Iterator[Problem]:
    """A condition rests on a listed fact, and its numbers stand there."""
    for number, criterion in enumerate(entry.eligibility, 1):
        field = f"eligibility[{number}]"
        if criterion.fact not in entry.facts or criterion.fact not in base.references.facts:
            yield at(entry, f"{field}.fact", f"'{criterion.fact}' is no listed fact", "list it, or correct the id")
            continue
        known = Known(base.references.figures[criterion.fact])
        unit = "VND" if criterion.about in ("revenue", "capital") else ""
        for bound in (criterion.at_least, criterion.at_most):
            if bound is not None and not known.holds(_figure(bound, criterion.about)):
                text = f"{criterion.fact} does not hold {bound:,} {unit}".rstrip()
                yield at(entry, field, text, "correct the number or the fact")
        if not criterion.text.en:
            yield at(entry, f"{field}.text.en", "the English is missing", "translate the Vietnamese")


def _figure(bound: int, about: str) -> Figure:
    return Figure("percent" if about.endswith("_percent") else "number", str(bound), str(bound), 0, 0)


def _rates(entry: Entry, base: Base) -> Iterator[tuple[str, Language, Figure, str]]:
    """The figures that tell how much support there is, with the sentences they stand in."""
    refer = base.references
    plain = Known(refer.stated(refer.listed(entry, "OK", "HIST")))
    clauses = (clause for fact in refer.listed(entry, "CAV") for clause in re.split(r"[;:.]\s", fact.vi))
    rates = Known(figure for clause in clauses if RATE.search(clause) for figure in figures(clause, "vi"))
    for field, language, sentence in sentences(entry):
        for figure in figures(sentence, language):
            if figure.kind not in ("amount", "percent") or THRESHOLD.search(sentence[: figure.start]):
                continue
            if rates.holds(figure) or (entry.kind == "scheme" and not plain.holds(figure)):
                yield field, language, figure, sentence


def _own(entry: Entry) -> Iterator[Figure]:
    """What the entry may name without a fact: its documents, their articles and days, and the day it was checked."""
    for source in entry.sources:
        words = figures(f"{source.document}\n{source.article}\n{source.title}", "vi")
        yield from (figure for figure in words if figure.kind in ("document", "article"))
        yield from figures(source.issued, "vi")
    yield from figures(entry.checked_on.isoformat(), "vi")
