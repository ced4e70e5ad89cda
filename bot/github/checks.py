"""Check runs."""

from __future__ import annotations

from typing import Any

from bot.github.calls import Calls
from bot.github.payload import number, obj
from bot.github.records import to_check
from bot.models.github import Annotation, CheckRun, PostedCheck

ANNOTATIONS = 50
"""GitHub takes as many in one request; further requests add to them."""


class Checks(Calls):
    async def create_check(self, check: CheckRun) -> PostedCheck:
        """Annotations beyond the first 50 follow in updates of the same check."""
        data = {"head_sha": check.head_sha, **_body(check, check.annotations[:ANNOTATIONS])}
        posted = await self._post("check-runs", data=data)
        check_id = number(obj(posted, "check run"), "id")
        return to_check(await self._rest(check_id, check, posted))

    async def update_check(self, check_id: int, check: CheckRun) -> PostedCheck:
        """Annotations are added to those that are there."""
        data = _body(check, check.annotations[:ANNOTATIONS])
        posted = await self._patch("check-runs", check_id, data=data)
        return to_check(await self._rest(check_id, check, posted))

    async def tell_check(self, check_id: int, title: str, summary: str) -> None:
        """New words only: whenever GitHub applies them, its status and conclusion stay."""
        data = {"output": {"title": title, "summary": summary}}
        await self._patch("check-runs", check_id, data=data)

    async def checks(self, sha: str, name: str) -> list[PostedCheck]:
        """Every check run of that name on the commit, of every App, also replaced ones."""
        found = await self._all(
            "commits", sha, "check-runs", key="check_runs", check_name=name, filter="all"
        )
        return [to_check(item) for item in found]

    async def _rest(self, check_id: int, check: CheckRun, posted: Any) -> Any:
        for start in range(ANNOTATIONS, len(check.annotations), ANNOTATIONS):
            batch = check.annotations[start : start + ANNOTATIONS]
            posted = await self._patch(
                "check-runs", check_id, data={"output": _output(check, batch)}
            )
        return posted


def _body(check: CheckRun, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": check.name,
        "status": check.status.value,
        "output": _output(check, annotations),
    }
    if check.conclusion is not None:
        body["conclusion"] = check.conclusion.value
        # Always: a button of an earlier word must not outlive it.
        body["actions"] = [
            {"label": a.label, "description": a.description, "identifier": a.identifier}
            for a in check.actions
        ]
    if check.external_id:
        body["external_id"] = check.external_id
    if check.details_url:
        body["details_url"] = check.details_url
    return body


def _output(check: CheckRun, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
    output: dict[str, Any] = {"title": check.title, "summary": check.summary}
    if check.text:
        output["text"] = check.text
    if annotations:
        output["annotations"] = [_annotation(annotation) for annotation in annotations]
    return output


def _annotation(annotation: Annotation) -> dict[str, Any]:
    made = {
        "path": annotation.path,
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "annotation_level": annotation.level,
        "message": annotation.message,
    }
    return {**made, "title": annotation.title} if annotation.title else made
