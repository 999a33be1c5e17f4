"""Whether aiogram's own validators judge as our reading of its declarations: `python -m tests.fakes.telegram_aiogram`.

A command and no test, for the import builds the validators of the whole Bot API and takes seconds.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from aiogram import methods, types
from pydantic import BaseModel, TypeAdapter, ValidationError

from tests.fakes import telegram_schema
from tests.fakes.telegram_cases import every

KINDS = [getattr(methods, name) for name in methods.__all__]
METHODS = {kind.__api_method__: kind for kind in KINDS if hasattr(kind, "__api_method__")}


def problems(name: str, value: Any) -> list[str]:
    """What does not fit in a case, as aiogram has it."""
    try:
        if name == "update":
            return list(_extra(types.Update.model_validate(value)))
        if name.startswith("-> "):
            return list(_extra(TypeAdapter(METHODS[name[3:]].__returning__).validate_python(value)))
        if name not in METHODS:
            return ["no such method"]
        return list(_extra(METHODS[name].model_validate(value)))
    except ValidationError as error:
        return [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors()]


def _extra(value: Any) -> Iterator[str]:
    """The fields of nested models that no model has: pydantic keeps them without a word."""
    if isinstance(value, BaseModel):
        yield from (f"{type(value).__name__}.{name}: no such field" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _extra(getattr(value, name))
    elif isinstance(value, list):
        for each in value:
            yield from _extra(each)


def main() -> int:
    """Compare every case; 1 if any is judged in two ways."""
    cases = list(every())
    for name, value, fits in cases:
        theirs, ours = problems(name, value), telegram_schema.problems(name, value)
        if not (bool(theirs) == bool(ours) != fits):
            print(f"{name} {value}\n  should {'fit' if fits else 'not fit'}\n  aiogram: {theirs}\n  ours: {ours}")
            return 1
    print(f"{len(cases)} cases: aiogram {version('aiogram')} judges alike")
    return 0


if __name__ == "__main__":
    sys.exit(main())
