"""``/check-runs``: checks and their annotations, with GitHub's limits."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.demo import payloads, shapes_talk
from bot.demo.refusal import Refusal, invalid, invalid_request, not_found
from bot.demo.rest.call import Call, Route, answer, needed, typed
from bot.demo.rest.repos import find_commit
from bot.demo.shapes import Json
from bot.demo.state import CheckRun

STATUSES = ("queued", "in_progress", "completed")
CONCLUSIONS = (
    "action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out",
)  # fmt: skip
LEVELS = ("notice", "warning", "failure")
MAX_ANNOTATIONS = 50
MAX_TEXT = 65_535
MAX_MESSAGE = 64 * 1024
MAX_TITLE = 255
MAX_ACTIONS = 3
ACTION_LIMITS = {"label": 20, "description": 40, "identifier": 20}


async def create(call: Call) -> web.Response:
    body, state = call.body, call.hub.state
    name, sha = needed(body, "name"), needed(body, "head_sha")
    checked(body)
    if len(sha) != 40 or await find_commit(call, sha) != sha:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    run = CheckRun(
        id=state.new_id(),
        repo_id=call.repo.id,
        suite_id=state.suite(call.repo, sha),
        name=name,
        head_sha=sha,
        status="queued",
        started_at=call.hub.now(),
    )
    _apply(call, run)
    state.check_runs[run.id] = run
    _tell(call, "created", run)
    if run.status == "completed":
        _tell(call, "completed", run)
    return answer(shapes_talk.check_run(call.hub.shapes, run), 201)


async def update(call: Call) -> web.Response:
    """Annotations are added to those that are there."""
    run = _run(call)
    checked(call.body)
    was = run.status
    run.name = typed(call.body, "name", str, run.name) or run.name
    run.requests += 1
    _apply(call, run)
    if run.status == "completed" and was != "completed":
        _tell(call, "completed", run)
    return answer(shapes_talk.check_run(call.hub.shapes, run))


def checked(body: Json) -> None:
    """Everything that GitHub refuses about a check before it looks at the commit."""
    status, conclusion = typed(body, "status", str), typed(body, "conclusion", str)
    if status is not None and status not in STATUSES:
        raise invalid_request(f"{status} is not a member of {list(STATUSES)}.")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid_request(f"{conclusion} is not a member of {list(CONCLUSIONS)}.")
    if status == "completed" and conclusion is None:
        raise invalid("CheckRun", "conclusion", "missing_field")
    if conclusion is not None and status in ("queued", "in_progress"):
        raise invalid("CheckRun", "conclusion", "invalid")
    output = typed(body, "output", dict)
    if output is not None:
        _check_output(output)
    for action in typed(body, "actions", list, []) or []:
        _check_action(action)
    if len(body.get("actions") or []) > MAX_ACTIONS:
        raise invalid_request(
            f"No more than {MAX_ACTIONS} items are allowed; {len(body['actions'])} were supplied."
        )


def _check_output(output: Json) -> None:
    needed(output, "summary")
    needed(output, "title")
    for name in ("summary", "text"):
        size = len(typed(output, name, str, "") or "")
        if size > MAX_TEXT:
            raise invalid_request(f"Only {MAX_TEXT} characters are allowed; {size} were supplied.")
    annotations = typed(output, "annotations", list, []) or []
    if len(annotations) > MAX_ANNOTATIONS:
        raise invalid_request(
            f"No more than {MAX_ANNOTATIONS} items are allowed; {len(annotations)} were supplied."
        )
    for annotation in annotations:
        if not isinstance(annotation, dict):
            raise invalid_request(f"{annotation!r} is not an object.")
        _check_annotation(annotation)


def _check_annotation(given: Json) -> None:
    path, message = needed(given, "path"), needed(given, "message")
    start, end = typed(given, "start_line", int), typed(given, "end_line", int)
    if start is None or end is None:
        raise invalid_request('"start_line" and "end_line" weren\'t supplied.')
    level = needed(given, "annotation_level")
    if level not in LEVELS:
        raise invalid_request(f"{level} is not a member of {list(LEVELS)}.")
    columns = given.get("start_column") is not None or given.get("end_column") is not None
    too_long = len(typed(given, "title", str, "") or "") > MAX_TITLE
    too_long = too_long or len(message.encode()) > MAX_MESSAGE
    too_long = too_long or len((typed(given, "raw_details", str, "") or "").encode()) > MAX_MESSAGE
    if not path or start < 1 or end < start or (columns and start != end) or too_long:
        raise invalid("CheckRunAnnotation", "data", "invalid", "Invalid annotation")


def _check_action(action: Any) -> None:
    if not isinstance(action, dict):
        raise invalid_request(f"{action!r} is not an object.")
    for name, limit in ACTION_LIMITS.items():
        size = len(needed(action, name))
        if size > limit:
            raise invalid_request(f"Only {limit} characters are allowed; {size} were supplied.")


def _apply(call: Call, run: CheckRun) -> None:
    body = call.body
    run.external_id = typed(body, "external_id", str, run.external_id) or ""
    run.details_url = typed(body, "details_url", str, run.details_url) or ""
    status, conclusion = typed(body, "status", str), typed(body, "conclusion", str)
    if conclusion is not None:
        run.status, run.conclusion, run.completed_at = "completed", conclusion, call.hub.now()
    elif status is not None:
        run.status, run.conclusion, run.completed_at = status, None, None
    output = typed(body, "output", dict, {}) or {}
    for name in ("title", "summary", "text"):
        setattr(run, name, typed(output, name, str, getattr(run, name)) or "")
    run.annotations += output.get("annotations") or []
    run.actions = typed(body, "actions", list, run.actions) or []


def _tell(call: Call, action: str, run: CheckRun) -> None:
    hub = call.hub
    branch = branch_of(call, run)
    hub.emit("check_run", call.repo, payloads.check_run(hub.shapes, action, run, call.user, branch))


def branch_of(call: Call, run: CheckRun) -> str | None:
    """GitHub's payloads name no branch for a head that lives in a fork."""
    for pull in call.hub.state.pulls_of(call.repo):
        if (pull.head_repo_id, pull.head_sha) == (call.repo.id, run.head_sha):
            return pull.head_ref
    return None


def _run(call: Call) -> CheckRun:
    run = call.hub.state.check_runs.get(call.number("check_run_id"))
    if run is None or run.repo_id != call.repo.id:
        raise not_found()
    return run


async def get(call: Call) -> web.Response:
    return answer(shapes_talk.check_run(call.hub.shapes, _run(call)))


async def list_annotations(call: Call) -> web.Response:
    run = _run(call)

    def show(given: Json) -> Json:
        return shapes_talk.annotation(call.hub.shapes, run, given)

    return call.page(run.annotations, show)


async def rerequest(call: Call) -> web.Response:
    _tell(call, "rerequested", _run(call))
    return answer({}, 201)


async def of_commit(call: Call) -> web.Response:
    """``filter=latest`` (the default) shows the newest of each name."""
    sha = await find_commit(call, call.text("ref"))
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.text('ref')}")
    query = call.query
    found = [
        run
        for run in reversed(call.hub.state.checks_of(call.repo, sha))
        if query.get("check_name", run.name) == run.name
        and query.get("status", run.status) == run.status
        and query.get("app_id", str(call.hub.credentials.app_id))
        == str(call.hub.credentials.app_id)
    ]
    if query.get("filter", "latest") == "latest":
        found = list({run.name: run for run in reversed(found)}.values())

    def show(run: CheckRun) -> Json:
        return shapes_talk.check_run(call.hub.shapes, run)

    return call.page(found, show, key="check_runs")


_REPO = "/repos/{owner}/{repo}"
ROUTES: tuple[Route, ...] = (
    ("POST", f"{_REPO}/check-runs", create),
    ("PATCH", f"{_REPO}/check-runs/{{check_run_id}}", update),
    ("GET", f"{_REPO}/check-runs/{{check_run_id}}", get),
    ("GET", f"{_REPO}/check-runs/{{check_run_id}}/annotations", list_annotations),
    ("POST", f"{_REPO}/check-runs/{{check_run_id}}/rerequest", rerequest),
    ("GET", f"{_REPO}/commits/{{ref}}/check-runs", of_commit),
)
