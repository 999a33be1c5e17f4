"""What a run of the Telegram benchmark says: from the tries of the load and the messages of the stub to figures."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.bench.telegram_load import Text, Try
from tests.bench.telegram_terms import MARK

#: When a message was sent (steady seconds), to which chat, and its text.
Sent = tuple[float, int, str]


@dataclass(frozen=True)
class Figures:
    """Seconds, MB, and counts. `missing` updates had no answer, `doubled` more than one, `refused` tries no 2xx.

    `disordered` people got two answers in another order than they had asked; `unmarked` messages answer nothing.
    `cpu` is of the contender alone, for one answer.
    """

    per_second: float
    hook_p50: float
    hook_p99: float
    answer_p50: float
    answer_p99: float
    cpu: float
    peak: float
    missing: int
    doubled: int
    disordered: int
    refused: int
    unmarked: int


def figures(texts: Sequence[Text], tries: Sequence[Try], sent: Sequence[Sent], cpu: float, peak: float) -> Figures:
    """The figures of one run: `cpu` seconds of the contender in all, `peak` MB of its memory."""
    began, hooks = dict[int, float](), list[float]()
    for update, start, end, _ in tries:
        began.setdefault(update, start)
        hooks.append(end - start)
    answered, order = dict[int, float](), defaultdict[int, list[int]](list)
    times = Counter[int]()
    for at, chat, text in sorted(sent):
        if found := MARK.search(text):
            update = int(found[1])
            times[update] += 1
            order[chat].append(update)
            answered.setdefault(update, at)
    asked = {update for update, _, _ in texts}
    waits = [at - began[update] for update, at in answered.items() if update in began]
    took = max(answered.values(), default=0.0) - min(began.values(), default=0.0)
    return Figures(
        per_second=len(answered) / took if took > 0 else 0.0,
        hook_p50=quantile(hooks, 0.5),
        hook_p99=quantile(hooks, 0.99),
        answer_p50=quantile(waits, 0.5),
        answer_p99=quantile(waits, 0.99),
        cpu=cpu / max(1, len(answered)),
        peak=peak,
        missing=len(asked - times.keys()),
        doubled=sum(count > 1 for count in times.values()),
        disordered=sum(updates != sorted(updates) for updates in order.values()),
        refused=sum(not 200 <= status < 300 for *_, status in tries),
        unmarked=sum(MARK.search(text) is None for _, _, text in sent),
    )


def verdict(runs: Sequence[Figures]) -> str:
    """Whether each answer came exactly once and each person's in order, over several runs, in a few words."""
    faults = (
        (sum(run.missing for run in runs), "missing"),
        (sum(run.doubled for run in runs), "doubled"),
        (sum(run.disordered for run in runs), "people out of order"),
        (sum(run.refused for run in runs), "deliveries refused"),
    )
    more = sum(run.unmarked for run in runs)
    said = ", ".join(f"{count} {what}" for count, what in faults if count) or "yes"
    return f"{said} (and {more} messages more)" if more else said


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which that share of the values lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
