"""``harness config``: the effective configuration and where each value comes from."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.agents.configured import check_kinds
from bot.agents.reviewer import kinds
from bot.errors import ConfigurationError
from bot.models.repo_config import PATH, PathInstruction, json_schema, parse_repo_config
from bot.models.text import visible
from bot.settings import Value, load_settings, unknown_names, values


def run(path: Path, *, schema: bool) -> int:
    """Exit 2 when the repository's file has mistakes."""
    if schema:
        sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
        return 0
    console = Console()
    if not path.is_dir():
        raise ConfigurationError(f"{visible(str(path))} is not a directory")
    console.print(_operator_table(values()))
    for name in unknown_names():
        console.print(f"{visible(name)}: there is no such setting", style="yellow", markup=False)
    check_kinds(load_settings().agents, kinds())
    return _repository(console, _root(path))


def _root(path: Path) -> Path:
    """Of the repository around ``path``, which is where the file is looked for."""
    folders = (path.absolute(), *path.absolute().parents)
    return next((folder for folder in folders if (folder / ".git").exists()), path)


def _operator_table(found: list[Value]) -> Table:
    table = Table(title="Operator", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for heading in ("setting", "value", "from"):
        table.add_column(heading, overflow="fold")
    for value in found:
        table.add_row(value.name, visible(value.shown), value.source)
    return table


def _repository(console: Console, path: Path) -> int:
    file = path / PATH
    if not file.is_file():
        console.print(f"\nRepository: no {PATH} in {path}; the defaults apply.", style="dim")
        return 0
    parsed = parse_repo_config(file.read_text("utf-8", "replace"))
    if parsed.problems:
        for problem in parsed.problems:
            console.print(visible(problem), style="red", markup=False)
        return 2
    table = Table(title=f"\nRepository ({PATH})", title_justify="left", box=None)
    for heading in ("setting", "value"):
        table.add_column(heading, overflow="fold")
    for name in parsed.config.__slots__:
        table.add_row(name, visible(_words(getattr(parsed.config, name))))
    console.print(table, markup=False)
    return 0


def _words(value: object) -> str:
    match value:
        case None:
            return "the operator's"
        case PathInstruction():
            return f"{_words(value.paths)}: {value.text}"
        case tuple():
            return ", ".join(_words(part) for part in value)
        case _:
            return str(value)
