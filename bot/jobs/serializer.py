"""Values and errors as ASCII JSON, and back to equal values of the same types.

What JSON has is written as it is; everything else is an object with a mark: ``$`` for built-in
kinds, ``$r`` for records, ``$e`` for enums, ``$x`` for errors. Kinds that are not listed here are
refused when they are written (`NotRecordable`), never when a crashed job needs them. A record
written by older code is read with today's defaults for fields it lacks, and without fields that
are gone.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import json
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from bot.jobs import records
from bot.jobs.errors import NotReadable, NotRecordable, UnexpectedError

MAX_ERROR_TEXT = 4000
"""Characters kept of an error whose class is not kept."""

_SURROGATES = re.compile("[\ud800-\udfff]")


def encode(value: Any) -> str:
    """One line of ASCII; `NotRecordable` names the place of a kind that is not kept."""
    return json.dumps(_pack(value, "value"), separators=(",", ":"))


def decode(text: str) -> Any:
    """The value again; `NotReadable` for a class that is not known here."""
    return _unpack(json.loads(text))


def printable(text: str) -> str:
    """ASCII that every database takes, whatever was in it; ordinary names stay as they are."""
    return json.dumps(text)[1:-1]


def keepable(error: Exception) -> Exception:
    """The error itself if reading it back gives the same class and arguments, else a stand-in."""
    kind = type(error)
    if records.is_error(kind):
        try:
            again = kind(*_unpack(json.loads(json.dumps(_items(error.args, "args")))))
        except (NotRecordable, TypeError, ValueError):
            return _stand_in(error)
        if type(again) is kind and again.args == error.args:
            return error
    return _stand_in(error)


def _stand_in(error: Exception) -> UnexpectedError:
    kind = type(error).__qualname__
    return UnexpectedError(f"{kind}: {error}"[:MAX_ERROR_TEXT], kind)


# -------------------------------------------------------------------------------------- write

_PLAIN = (type(None), bool, int, float)


def _pack(value: Any, where: str) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    writer = _WRITERS.get(kind)
    if writer is not None:
        return writer(value, where)
    if records.is_enum(kind):
        return {"$e": kind.__name__, "v": _pack(value.value, where)}
    if records.is_record(kind):
        return {"$r": kind.__name__, "f": _fields(value, where)}
    if isinstance(value, Exception):
        kept = keepable(value)
        return {"$x": type(kept).__name__, "a": _items(kept.args, f"{where}.args")}
    raise NotRecordable(f"{where} is a {kind.__module__}.{kind.__qualname__}: it is not recorded")


def _fields(value: Any, where: str) -> dict[str, Any]:
    kind: Any = type(value)
    names = _init_fields(kind)
    return {name: _pack(getattr(value, name), f"{where}.{name}") for name in names}


@functools.cache
def _init_fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def _text(value: str, _where: str) -> Any:
    # JSON would join two lone surrogates that stand side by side into one character.
    if _SURROGATES.search(value):
        return {"$": "text", "v": _b64(value.encode("utf-8", "surrogatepass"))}
    return value


def _items(value: Any, where: str) -> list[Any]:
    return [_pack(item, f"{where}[{index}]") for index, item in enumerate(value)]


def _mapping(value: dict[Any, Any], where: str) -> Any:
    if all(type(key) is str and key[:1] != "$" and key.isascii() for key in value):
        return {key: _pack(item, f"{where}[{key!r}]") for key, item in value.items()}
    pairs = [[_pack(k, f"{where} key"), _pack(v, f"{where}[{k!r}]")] for k, v in value.items()]
    return {"$": "dict", "v": pairs}


def _frozenset(value: frozenset[Any], where: str) -> Any:
    # Sorted, so that equal sets are written alike.
    return {"$": "frozenset", "v": sorted(_items(value, where), key=json.dumps)}


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_WRITERS: dict[type, Callable[[Any, str], Any]] = {
    str: _text,
    list: _items,
    dict: _mapping,
    frozenset: _frozenset,
    tuple: lambda value, where: {"$": "tuple", "v": _items(value, where)},
    MappingProxyType: lambda v, where: {"$": "mapping", "v": _mapping(dict(v), where)},
    datetime: lambda value, _where: {"$": "datetime", "v": value.isoformat()},
    Decimal: lambda value, _where: {"$": "decimal", "v": str(value)},
    bytes: lambda value, _where: {"$": "bytes", "v": _b64(value)},
    type(Path()): lambda value, where: {"$": "path", "v": _text(str(value), where)},
    PurePosixPath: lambda value, where: {"$": "purepath", "v": _text(str(value), where)},
}


# --------------------------------------------------------------------------------------- read


def _unpack(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_unpack(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    if "$" in raw:
        return _READERS[raw["$"]](raw["v"])
    if "$r" in raw:
        return _record(raw["$r"], raw["f"])
    if "$e" in raw:
        return _known(records.enum(raw["$e"]), raw["$e"])(_unpack(raw["v"]))
    if "$x" in raw:
        return _known(records.error(raw["$x"]), raw["$x"])(*_unpack(raw["a"]))
    return {key: _unpack(item) for key, item in raw.items()}


def _record(name: str, written: dict[str, Any]) -> Any:
    kind = _known(records.record(name), name)
    names = _init_fields(kind)
    try:
        return kind(**{n: _unpack(item) for n, item in written.items() if n in names})
    except TypeError as error:
        raise NotReadable(f"a recorded {name} does not fit today's class: {error}") from error


def _known(kind: Callable[..., Any] | None, name: str) -> Any:
    if kind is None:
        raise NotReadable(f"there is no class {name!r} here to read a record with")
    return kind


def _path_text(raw: Any) -> str:
    return str(_unpack(raw))


_READERS: dict[str, Callable[[Any], Any]] = {
    "text": lambda raw: base64.b64decode(raw).decode("utf-8", "surrogatepass"),
    "tuple": lambda raw: tuple(_unpack(raw)),
    "frozenset": lambda raw: frozenset(_unpack(raw)),
    "dict": lambda raw: {_unpack(key): _unpack(item) for key, item in raw},
    "mapping": lambda raw: MappingProxyType(_unpack(raw)),
    "datetime": datetime.fromisoformat,
    "decimal": Decimal,
    "bytes": base64.b64decode,
    "path": lambda raw: Path(_path_text(raw)),
    "purepath": lambda raw: PurePosixPath(_path_text(raw)),
}
