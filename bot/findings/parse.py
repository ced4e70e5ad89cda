"""Reads an agent's answer: the contract's JSON object, or SARIF, else prose.

Unreadable is unreadable, never "no findings": an object counts as an answer only if it has a list
of issues, and an answer whose every item is unreadable is unreadable itself. Prose counts only if
it reports something, and everything that it reports names a file that there is
(`bot.findings.prose`). A bad item costs only itself and is told as a problem. Nothing here raises
on any text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.findings import fields
from bot.findings.extract import last_object
from bot.findings.paths import BadPath, normal_path, shown
from bot.findings.prose import read_prose
from bot.findings.sarif_read import is_sarif, read_sarif
from bot.models import Finding

MAX_FINDINGS = 500
MAX_PROBLEMS = 30
TITLE, DESCRIPTION, REPLACEMENT, SUMMARY, WORD = 300, 8_000, 20_000, 4_000, 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one agent answered. ``problems`` are sentences about what could not be read."""

    readable: bool
    findings: tuple[Finding, ...] = ()
    summary: str = ""
    praise: tuple[str, ...] = ()
    guidance: str = ""
    problems: tuple[str, ...] = ()
    prose: bool = False
    """It was no object, so whatever its form cannot say is missing."""


def parse_answer(
    text: str,
    *,
    agent: str,
    paths: Collection[str] = (),
    sizes: Callable[[], Mapping[str, int]] = dict,
) -> Answer:
    """The last answer in ``text``. ``paths``: the diff's, kept as they are written.

    ``sizes`` is asked for prose only: the number of lines of each file that there is.
    """
    found = last_object(text, _is_answer)
    if found is None:
        return _bounded(_prose(text, agent, sizes()))
    if not isinstance(found.get("issues"), list):
        report = read_sarif(found, agent, paths)
        return _bounded(
            Answer(readable=report.complete, findings=report.findings, problems=report.problems)
        )
    return _bounded(_contract(found, agent, paths))


def _prose(text: str, agent: str, sizes: Mapping[str, int]) -> Answer:
    read = read_prose(text, agent=agent, sizes=sizes)
    lost = [f"it reports something about no file that there is: {item}" for item in read.lost]
    missing = "there is no JSON object with a list of issues"
    problems = (missing, *lost) if not read.findings else (f"{missing}: prose was read", *lost)
    return Answer(readable=read.readable, findings=read.findings, problems=problems, prose=True)


def _is_answer(value: dict[str, Any]) -> bool:
    return isinstance(value.get("issues"), list) or is_sarif(value)


def _contract(answer: dict[str, Any], agent: str, paths: Collection[str]) -> Answer:
    items: list[object] = answer["issues"]
    findings: list[Finding] = []
    problems: list[str] = []
    for number, item in enumerate(items, 1):
        finding, trouble = _finding(item, agent, paths)
        if finding is not None:
            findings.append(finding)
        problems.extend(f"issue {number}: {sentence}" for sentence in trouble)
    return Answer(
        readable=bool(findings) or not items,
        findings=tuple(findings),
        summary=fields.text(answer.get("summary"), SUMMARY),
        praise=fields.texts(answer.get("praise"), count=20, limit=500),
        guidance=fields.text(answer.get("guidance"), SUMMARY),
        problems=tuple(problems),
    )


def _finding(
    item: object, agent: str, paths: Collection[str]
) -> tuple[Finding | None, tuple[str, ...]]:
    if not isinstance(item, dict):
        return None, ("it is no object",)
    severity = fields.severity(item.get("severity"))
    description = fields.text(item.get("description"), DESCRIPTION)
    title = fields.text(item.get("title"), TITLE)
    if severity is None:
        return None, (f"its severity is {_said(item.get('severity'))}",)
    if not (description or title):
        return None, ("it has no description",)
    file = item.get("file")
    if not isinstance(file, str):
        return None, ("it names no file",)
    try:
        path = normal_path(file, paths)
    except BadPath as error:
        return None, (str(error),)
    line, end_line = fields.lines(item.get("line"), item.get("end_line"))
    replacement, trouble = _replacement(item.get("replacement"), line)
    if line is None and item.get("line") is not None:
        trouble = (*trouble, f"its line is {_said(item['line'])}, so it is about the whole file")
    finding = Finding(
        agent=agent,
        severity=severity,
        file=path,
        description=description or title,
        title=" ".join(title.split()),
        line=line,
        end_line=end_line,
        side=fields.side(item.get("side")),
        suggestion=fields.text(item.get("suggestion"), DESCRIPTION),
        replacement=replacement,
        category=fields.text(item.get("category"), WORD).lower(),
        confidence=fields.confidence(item.get("confidence")),
        rule=fields.text(item.get("rule"), WORD),
    )
    return finding, trouble


def _replacement(value: object, line: int | None) -> tuple[str | None, tuple[str, ...]]:
    """A replacement is whole or it is none: a part of one would be wrong code."""
    if not isinstance(value, str) or line is None:
        return None, ()
    if len(value) > REPLACEMENT or "\0" in value:
        return None, ("its replacement is too long, or binary",)
    return value, ()


def _said(value: object) -> str:
    return "missing" if value is None else shown(str(value))


def _bounded(answer: Answer) -> Answer:
    """At most `MAX_FINDINGS`, the most severe ones, in their order; what is left out is told."""
    findings, problems = answer.findings, list(_capped(answer.problems))
    if len(findings) > MAX_FINDINGS:
        ranked = sorted(range(len(findings)), key=lambda n: (findings[n].severity.rank, n))
        kept = sorted(ranked[:MAX_FINDINGS])
        problems.append(
            f"it reported {len(findings)} issues; the {MAX_FINDINGS} most severe were kept"
        )
        findings = tuple(findings[n] for n in kept)
    return Answer(
        readable=answer.readable,
        findings=findings,
        summary=answer.summary,
        praise=answer.praise,
        guidance=answer.guidance,
        problems=tuple(problems),
        prose=answer.prose,
    )


def _capped(problems: Sequence[str]) -> Sequence[str]:
    if len(problems) <= MAX_PROBLEMS:
        return problems
    left = len(problems) - MAX_PROBLEMS
    return (*problems[:MAX_PROBLEMS], f"{left} more of its items could not be read")
