"""Which classes the engine keeps: frozen records, enums and error classes, by name.

Everything in `bot.models` is known from the start, and so is every subclass of `HarnessError`.
A room above that returns a record of its own from a step says so with `recordable`. Names, not
module paths, are written: a class may move, and two classes may not share a name.
"""

from __future__ import annotations

import builtins
import dataclasses
import importlib
import inspect
import pkgutil
from enum import Enum
from typing import Any, TypeVar

import bot.models
from bot.errors import ConfigurationError, HarnessError

C = TypeVar("C", bound=type)

_records: dict[str, type] = {}
_enums: dict[str, type[Enum]] = {}
_errors: dict[str, type[Exception]] = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and kind.__name__ == name
}


def recordable(cls: C) -> C:
    """Let steps return this frozen dataclass or enum. The outermost decorator."""
    if issubclass(cls, Enum):
        _add(_enums, cls)
    elif dataclasses.is_dataclass(cls) and _is_frozen(cls):
        _add(_records, cls)
    else:
        raise ConfigurationError(f"{cls.__qualname__} is neither a frozen dataclass nor an enum")
    return cls


def is_record(cls: type) -> bool:
    return _records.get(cls.__name__) is cls


def is_enum(cls: type) -> bool:
    return _enums.get(cls.__name__) is cls


def is_error(cls: type) -> bool:
    return error(cls.__name__) is cls


def record(name: str) -> type | None:
    return _records.get(name)


def enum(name: str) -> type[Enum] | None:
    return _enums.get(name)


def error(name: str) -> type[Exception] | None:
    """A built-in error, or a `HarnessError` of any room that is imported."""
    if name not in _errors:
        _collect_errors(HarnessError)
    return _errors.get(name)


def _is_frozen(cls: type) -> bool:
    params: Any = getattr(cls, "__dataclass_params__", None)
    return bool(params and params.frozen)


def _add(known: dict[str, Any], cls: type) -> None:
    if known.setdefault(cls.__name__, cls) is not cls:
        raise ConfigurationError(f"two classes named {cls.__name__!r} would be recorded alike")


def _collect_errors(cls: type[HarnessError]) -> None:
    _errors.setdefault(cls.__name__, cls)
    for child in cls.__subclasses__():
        _collect_errors(child)


def _collect_models() -> None:
    for info in pkgutil.walk_packages(bot.models.__path__, "bot.models."):
        module = importlib.import_module(info.name)
        for _name, cls in inspect.getmembers(module, inspect.isclass):
            ours = cls.__module__ == info.name
            if ours and (issubclass(cls, Enum) or _is_frozen(cls)):
                recordable(cls)


_collect_models()
