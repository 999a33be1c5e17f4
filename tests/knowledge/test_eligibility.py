"""The size classes are read whole, rise, and their numbers are those of the facts they name."""

from itertools import pairwise
from pathlib import Path

import pytest

from knowledge.base import references_from
from knowledge.eligibility import sizes_from
from knowledge.fields import EntryError
from knowledge.figures import Figure, Known

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
ROW = '{size = "micro", branch = "trade", employees = 10, revenue = 1, capital = 1, fact = "SM-04"}'


def test_every_bound_stands_in_its_fact() -> None:
    refer = references_from(KNOWLEDGE, ())
    sizes = sizes_from(KNOWLEDGE / "sizes.toml")
    assert len({(size.size, size.branch) for size in sizes}) == 6
    for size in sizes:
        known = Known(refer.figures[size.fact])
        for bound in (size.employees, size.revenue, size.capital):
            assert known.holds(Figure("number", str(bound), "", 0, 0)), (size, bound)


@pytest.mark.parametrize("branch", ["industry", "trade"])
def test_a_larger_class_has_larger_bounds(branch: str) -> None:
    sizes = [size for size in sizes_from(KNOWLEDGE / "sizes.toml") if size.branch == branch]
    assert [size.size for size in sizes] == ["micro", "small", "medium"]
    for smaller, larger in pairwise(sizes):
        assert smaller.employees < larger.employees
        assert smaller.revenue < larger.revenue
        assert smaller.capital < larger.capital


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("sizes = ", "(file)"),
        ("sizes = 5", "sizes"),
        (f"sizes = [{ROW.replace('micro', 'tiny')}]", "sizes[1].size"),
        (f"sizes = [{ROW.replace('employees = 10', 'employees = 1.5')}]", "sizes[1].employees"),
        (f"sizes = [{ROW.replace('capital = 1, ', '')}]", "sizes[1].capital"),
        (f"sizes = [{ROW.replace('fact', 'facts')}]", "sizes[1].fact"),
    ],
)
def test_a_table_that_cannot_be_meant_is_named(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "sizes.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(EntryError) as caught:
        sizes_from(path)
    assert (caught.value.place, caught.value.field) == ("sizes.toml", field)
