"""Who a scheme is for, as data: conditions of an entry with their sources, and the size classes of Decree 80/2021."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from knowledge.fields import EntryError, Fields, Text

Size = Literal["micro", "small", "medium"]
Branch = Literal["industry", "trade"]

#: What of an enterprise a condition may look at, and the words it may be; None: a whole number.
#: revenue and capital are in dong, revenue of a year; ages and terms in months.
ABOUT: Mapping[str, tuple[str, ...] | None] = {
    "form": ("company", "co-operative", "co-operative group", "household"),
    "size": (*get_args(Size), "large"),
    "branch": get_args(Branch),
    "sector": (
        "textile", "footwear", "electronics", "automotive", "mechanical", "high-tech", "packaging", "food", "other",
    ),
    **dict.fromkeys(
        (
            "employees", "revenue", "capital", "age_months", "own_capital_percent", "women_percent", "worker_months",
            "firms_in_cluster",
        )
    ),
    **dict.fromkeys(
        (
            "makes_goods", "in_province", "new_machinery", "women_led", "many_women", "social_enterprise",
            "innovative_startup", "in_chain", "foreign_capital", "state_capital", "tax_debt", "bad_debt",
            "feasible_plan", "collateral", "network_consultant", "first_registration", "from_restructuring",
            "owner_had_company", "science_partner", "was_household", "priority_product", "cleaner_production",
            "craft_village", "artisan",
        ),
        ("yes", "no"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of a scheme. `about` is a key of ABOUT; `fact`, `document` and `article` are its source.

    It is met by a word of `one_of`, or by a number from `at_least` to `at_most`. Criteria of an entry with the same
    `either` are alternatives, of which one is enough; all others must be met.
    """

    about: str
    text: Text
    fact: str
    document: str
    article: str = ""
    one_of: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    either: str = ""


@dataclass(frozen=True, slots=True)
class SizeClass:
    """The upper bounds of a size: employees, and of revenue (dong a year) and capital (dong) one is enough.

    Decree 80/2021/ND-CP, article 5; an enterprise within a smaller class belongs to that one.
    """

    size: Size
    branch: Branch
    employees: int
    revenue: int
    capital: int
    fact: str


def criterion(read: Fields) -> Criterion:
    """Read one condition. Raises EntryError."""
    about = read.choice("about", tuple(ABOUT))
    found = Criterion(
        about=about,
        text=read.text("text", required=True),
        fact=read.string("fact", required=True),
        document=read.string("document", required=True),
        article=read.string("article"),
        one_of=read.strings("one_of"),
        at_least=read.number("at_least"),
        at_most=read.number("at_most"),
        either=read.string("either"),
    )
    read.done()
    words, numbers = ABOUT[about], (found.at_least, found.at_most)
    if words is None and (found.one_of or numbers == (None, None)):
        raise read.fail("at_least", "write at_least, at_most or both, and no one_of")
    if words is not None and (not found.one_of or set(found.one_of) - set(words) or numbers != (None, None)):
        raise read.fail("one_of", f"write a list of some of: {', '.join(words)}; and no at_least or at_most")
    return found


def sizes_from(path: Path) -> tuple[SizeClass, ...]:
    """Read the size classes, the smaller first. Raises EntryError."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise EntryError(path.name, "(file)", f"cannot be read: {error}") from error
    return tuple(_size(read) for read in Fields(raw, path.name).tables("sizes"))


def _size(read: Fields) -> SizeClass:
    found = SizeClass(
        size=read.choice("size", get_args(Size)),
        branch=read.choice("branch", get_args(Branch)),
        employees=read.whole("employees"),
        revenue=read.whole("revenue"),
        capital=read.whole("capital"),
        fact=read.string("fact", required=True),
    )
    read.done()
    return found
