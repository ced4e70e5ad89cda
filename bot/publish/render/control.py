"""Answers about a pull request as a whole: what was cancelled, how it stands, what applies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from bot.models import (
    FailOn,
    KnownIssue,
    Limits,
    RepoConfig,
    RunRecord,
    Severity,
    Total,
    VerifyMode,
    dollars,
)
from bot.models.repo_config import PATH
from bot.publish import sanitize
from bot.publish.render.words import commit, joined, plural, shorten, table

MAX_LISTED = 30


def cancelled_runs(ended: Sequence[str]) -> str:
    if not ended:
        return "Nothing was running here; whatever waited was ended."
    names = ", ".join(sanitize.code(name) for name in ended)
    return f"Cancelled: {plural(len(ended), 'run')} ({names}). `/harness review` begins anew."


def status(
    head_sha: str,
    run: RunRecord | None,
    known: Sequence[KnownIssue],
    cost: Total,
    *,
    secrets: Iterable[str] = (),
) -> str:
    """``known``: the open ones."""
    hidden = tuple(secrets)
    blocks = ["### harness: status", _newest(head_sha, run, hidden)]
    ranked = sorted(known, key=lambda i: (i.severity.rank, i.file, i.line or 0, i.id))
    counts = [
        f"{count} {severity.value}"
        for severity in Severity
        if (count := sum(issue.severity is severity for issue in ranked))
    ]
    blocks.append(f"Open: {', '.join(counts)}." if counts else "No issue is open.")
    blocks.append(
        table(
            ("issue", "severity", "state", "title", "where"),
            (_row(issue, hidden) for issue in ranked[:MAX_LISTED]),
        )
    )
    if len(ranked) > MAX_LISTED:
        blocks.append(f"and {len(ranked) - MAX_LISTED} more")
    spent = "nothing yet" if not cost.calls else str(cost)
    blocks.append(f"Model calls of this pull request so far: {spent}.")
    return joined(*blocks)


def _newest(head_sha: str, run: RunRecord | None, secrets: tuple[str, ...]) -> str:
    if run is None:
        return f"The head is {commit(head_sha)}; nothing has run here yet."
    about = "the head" if run.head_sha == head_sha else f"not the head, {commit(head_sha)}"
    kind = "repair" if run.trigger == "refactor" else "review"
    title = sanitize.inline(run.title, limit=300, secrets=secrets)
    said = f": {title}" if title else ""
    return (
        f"The newest run is a {kind} of {commit(run.head_sha)} ({about}), {run.state.value}{said}."
    )


def _row(issue: KnownIssue, secrets: tuple[str, ...]) -> tuple[str, ...]:
    place = f"{shorten(issue.file, 90)}:{issue.line}" if issue.line else shorten(issue.file, 90)
    return (
        sanitize.cell_code(issue.id),
        issue.severity.value,
        issue.state.value,
        sanitize.cell(issue.title, limit=200, secrets=secrets),
        sanitize.cell_code(place, secrets=secrets),
    )


def config(
    found: RepoConfig,
    *,
    agents: Sequence[str],
    developer: str,
    operator_fail_on: FailOn,
    operator_outsiders: str,
    verify: VerifyMode,
    limits: Limits,
    max_iterations: int,
    base_ref: str,
    default_branch: str,
    problems: Sequence[str],
) -> str:
    """The effective values and their sources; of two limits the stricter counts."""
    here = f"default branch ({sanitize.cell(default_branch, limit=80)})"
    base = f"base branch ({sanitize.cell(base_ref, limit=80)})"
    default = RepoConfig()

    def chosen(name: str, source: str = here) -> str:
        return source if getattr(found, name) != getattr(default, name) else "default"

    fail_on = found.fail_on_with(operator_fail_on)
    outsiders = found.outsiders_with(operator_outsiders)
    rows = [
        ("agents", ", ".join(agents) or "none", here if found.agents is not None else "operator"),
        ("fails from", fail_on.value, "operator" if fail_on is operator_fail_on else here),
        ("outsiders get", outsiders, "operator" if outsiders == operator_outsiders else here),
        ("drafts are reviewed", _yes(found.drafts), chosen("drafts")),
        ("inline comments at most", str(found.max_comments), chosen("max_comments")),
        ("labels that switch off", ", ".join(found.skip_labels) or "none", chosen("skip_labels")),
        ("ignored besides the usual", ", ".join(found.ignore) or "nothing", chosen("ignore", base)),
        ("instructions", plural(len(found.instructions), "text"), chosen("instructions", base)),
        ("test command", found.test_command or "detected", chosen("test_command")),
        ("developer", developer or "nobody", "operator"),
        ("repairs by itself", ", ".join(found.auto_refactor) or "never", chosen("auto_refactor")),
        ("repairs may also change", ", ".join(found.refactor_also) or "–", chosen("refactor_also")),
        (
            "repairs may change workflows",
            _yes(found.refactor_workflows),
            chosen("refactor_workflows"),
        ),
        ("rounds of a repair at most", str(max_iterations), "operator"),
        ("second opinions", verify.value, "operator"),
        ("limit of a run", _limit(limits.run), "operator"),
        ("limit of a pull request", _limit(limits.pull), "operator"),
        ("limit of a month", _limit(limits.month), "operator"),
    ]
    cells = (
        (name, sanitize.cell_code(value, limit=300) if value else "–", source)
        for name, value, source in rows
    )
    wrong = "\n".join(f"- {sanitize.inline(problem, limit=300)}" for problem in problems)
    return joined(
        "### harness: configuration",
        f"The file is `{PATH}`; nothing of a pull request's own branch counts.",
        table(("setting", "value", "from"), cells),
        f"Mistakes in it, for which the defaults apply:\n{wrong}" if wrong else "",
    )


def _yes(value: bool) -> str:  # a value, not a switch
    return "yes" if value else "no"


def _limit(amount: Decimal | None) -> str:
    return "none" if amount is None else dollars(amount)
