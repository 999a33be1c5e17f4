"""An independent opinion on what goes over the Bot API's wire: aiogram's declarations of every method and type.

They are read as text, for importing aiogram builds validators of the whole API and takes seconds; a file is read when a
value of its type is met. `python -m tests.fakes.telegram_aiogram` shows that aiogram's own validators judge alike.
"""

import ast
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

#: Stands for an uploaded file among a call's parameters.
FILE: Any = object()
#: Classes of aiogram that declare no fields of the Bot API.
ROOTS = {"TelegramObject", "MutableTelegramObject", "TelegramMethod", "BaseModel", "ABC"}
#: What a reply_markup is, by the field only it has.
MARKUPS = {
    "inline_keyboard": "InlineKeyboardMarkup",
    "keyboard": "ReplyKeyboardMarkup",
    "remove_keyboard": "ReplyKeyboardRemove",
    "force_reply": "ForceReply",
}
#: Types that are no object of the Bot API; "Default" only stands for what the Python client itself fills in.
PLAIN = {"str", "int", "float", "bool", "Any", "DateTime", "InputFile", "Default"}
#: Fields of an inline button that are no action.
LOOKS = {"text", "style", "icon_custom_emoji_id"}
#: Bytes a button may carry.
DATA_BYTES = 64


@dataclass(frozen=True)
class Declared:
    """A field: its type as aiogram writes it, and whether Telegram always tells it."""

    type: ast.expr
    required: bool


def update_problems(update: Any) -> list[str]:
    """What aiogram's models object to in an update: fields unknown, missing, of a wrong type; more than one kind."""
    kinds = sorted(set(update) - {"update_id"})
    several = [f"update: holds {kinds}, must hold exactly one"] if len(kinds) != 1 else []
    return several + _fits(ast.Name("Update"), update, "update")


def call_problems(method: str, given: dict[str, Any]) -> list[str]:
    """What they object to in a call; `given` as it came over the wire, all strings, FILE for an upload."""
    fields = _method(method)
    if fields is None:
        return [f"{method}: no such method"]
    found = [f"{method}: {name} is missing" for name, field in fields.items() if field.required and name not in given]
    for name, raw in given.items():
        where = f"{method}.{name}"
        if name not in fields:
            found.append(f"{where}: no such parameter")
            continue
        try:
            value = _decoded(raw, fields[name].type)
        except ValueError:
            found.append(f"{where}: {raw!r:.60} is no {ast.unparse(fields[name].type)}")
            continue
        found += _markup_problems(value, where) if name == "reply_markup" else _fits(fields[name].type, value, where)
    return found


def result_problems(method: str, result: Any) -> list[str]:
    """What they object to in the answer to a call."""
    declared = _returns(method)
    return _fits(declared, result, f"{method} -> ") if declared is not None else []


def problems(name: str, value: Any) -> list[str]:
    """What they object to in a case of telegram_cases.py."""
    if name == "update":
        return update_problems(value)
    if name.startswith("-> "):
        return result_problems(name[3:], value)
    return call_problems(name, {key: one if isinstance(one, str) else json.dumps(one) for key, one in value.items()})


def _markup_problems(value: Any, where: str) -> list[str]:
    # The union alone is lenient: what fits no member chosen by its own field is told as that member's fault.
    chosen = [name for name in MARKUPS if isinstance(value, dict) and name in value]
    if len(chosen) != 1:
        return [f"{where}: is {chosen or 'no'} markup"]
    found = _fits(ast.Name(MARKUPS[chosen[0]]), value, where)
    rows = value["inline_keyboard"] if chosen == ["inline_keyboard"] and not found else []
    for button in (button for row in rows for button in row):
        actions = sorted(set(button) - LOOKS)
        if len(actions) != 1:
            found.append(f"{where}: the button {button['text']!r} has the actions {actions}")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= DATA_BYTES:
            found.append(f"{where}: the button {button['text']!r} has callback_data of a wrong length")
    return found


def _decoded(raw: Any, type: ast.expr) -> Any:
    """A parameter as JSON has it. Raises ValueError."""
    if raw is FILE or "str" in {node.id for node in _members(type) if isinstance(node, ast.Name)}:
        return raw
    return json.loads(raw)


def _fits(type: ast.expr, value: Any, where: str) -> list[str]:
    """What is wrong with a value that should be of a type."""
    members = _members(type)
    if value is not None:
        members = [member for member in members if not isinstance(member, ast.Constant)]
    return min((_fits_one(member, value, where) for member in members), key=len)


def _fits_one(type: ast.expr, value: Any, where: str) -> list[str]:
    match type:
        case ast.Subscript(value=ast.Name(id="list"), slice=item) if isinstance(value, list):
            return [problem for at, each in enumerate(value) for problem in _fits(item, each, f"{where}[{at}]")]
        case ast.Name(id=name) if isinstance(value, dict) and name not in PLAIN:
            return _fits_object(name, value, where)
        case ast.Constant(value=None):
            fits = value is None
        case ast.Subscript(value=ast.Name(id="Literal"), slice=allowed):
            fits = value in _literals(allowed)
        case ast.Subscript(value=ast.Name(id="dict")):
            fits = isinstance(value, dict)
        case ast.Name(id="str"):
            fits = isinstance(value, str)
        case ast.Name(id="bool"):
            fits = isinstance(value, bool)
        case ast.Name(id="float"):
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        case ast.Name(id="int" | "DateTime") | ast.Attribute(attr="datetime" | "timedelta"):
            fits = isinstance(value, int) and not isinstance(value, bool)
        case ast.Name(id="InputFile"):
            fits = value is FILE
        case ast.Name(id=name):
            fits = name == "Any"
        case _:
            fits = False
    return [] if fits else [f"{where}: {value!r:.60} is no {ast.unparse(type)}"]


def _fits_object(name: str, value: dict[str, Any], where: str) -> list[str]:
    fields = _fields("types", name)
    found = [
        f"{where}.{name}: {key} is missing" for key, field in fields.items() if field.required and key not in value
    ]
    for key, each in value.items():
        if key not in fields:
            found.append(f"{where}.{key}: {name} has no such field")
        else:
            found += _fits(fields[key].type, each, f"{where}.{key}")
    return found


def _members(type: ast.expr) -> list[ast.expr]:
    """The members of a union, or the type alone."""
    match type:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return [*_members(left), *_members(right)]
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *_])):
            return _members(inner)
        case ast.Name(id=name) if name.endswith("Union"):
            return _members(_alias(name))
    return [type]


def _literals(allowed: ast.expr) -> list[Any]:
    found = []
    for each in allowed.elts if isinstance(allowed, ast.Tuple) else [allowed]:
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            found.append(_enum(each.value.id)[each.attr])
        else:
            found.append(ast.literal_eval(each))
    return found


@cache
def _fields(folder: str, name: str) -> dict[str, Declared]:
    """The fields of a class, those of its bases first, by the names they have on the wire."""
    declared = _class(folder, name)
    fields: dict[str, Declared] = {}
    for base in declared.bases:
        inner = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(inner, ast.Name) and inner.id not in ROOTS:
            fields |= _fields(folder, inner.id)
    for line in declared.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            alias, required = line.target.id, line.value is None
            if isinstance(line.value, ast.Call) and ast.unparse(line.value.func) == "Field":
                required = bool(line.value.args) and ast.unparse(line.value.args[0]) == "..."
                named = [word.value for word in line.value.keywords if word.arg == "alias"]
                alias = ast.literal_eval(named[0]) if named else alias
            # What tells the members of a union apart has a default in Python; on the wire it always stands.
            fields[alias] = Declared(line.annotation, required or ast.unparse(line.annotation).startswith("Literal["))
    return fields


def _method(method: str) -> dict[str, Declared] | None:
    name = f"{method[:1].upper()}{method[1:]}"
    return _fields("methods", name) if re.fullmatch(r"[a-zA-Z0-9]+", method) and _file("methods", name) else None


@cache
def _returns(method: str) -> ast.expr | None:
    if _method(method) is None:
        return None
    for base in _class("methods", f"{method[:1].upper()}{method[1:]}").bases:
        if isinstance(base, ast.Subscript):
            return base.slice
    return None


@cache
def _alias(name: str) -> ast.expr:
    for line in _parsed("types", name).body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id == name:
            assert line.value
            return line.value
    raise LookupError(name)


@cache
def _class(folder: str, name: str) -> ast.ClassDef:
    return next(line for line in _parsed(folder, name).body if isinstance(line, ast.ClassDef) and line.name == name)


@cache
def _enum(name: str) -> dict[str, Any]:
    (declared,) = [line for line in _parsed("enums", name).body if isinstance(line, ast.ClassDef)]
    lines = [line for line in declared.body if isinstance(line, ast.Assign)]
    return {ast.unparse(line.targets[0]): ast.literal_eval(line.value) for line in lines}


def _parsed(folder: str, name: str) -> ast.Module:
    file = _file(folder, name)
    if file is None:
        raise LookupError(f"aiogram declares no {name}")
    return ast.parse(file.read_text("utf-8"))


@cache
def _file(folder: str, name: str) -> Path | None:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    file = _home() / folder / f"{snake}.py"
    return file if file.is_file() else None


@cache
def _home() -> Path:
    # Only looked for: nothing of it is run.
    found = find_spec("aiogram")
    assert found
    assert found.origin
    return Path(found.origin).parent
