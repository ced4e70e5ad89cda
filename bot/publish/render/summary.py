"""The one summary comment of a pull request, written anew by every run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bot.models import (
    AgentReport,
    Conclusion,
    IssueState,
    Limits,
    Placement,
    ReportState,
    ReviewResult,
    Verified,
    dollars,
)
from bot.publish import marker, sanitize
from bot.publish.publisher import Publication
from bot.publish.render import held
from bot.publish.render.earlier import earlier
from bot.publish.render.rows import Listing, entries, fit
from bot.publish.render.words import (
    COMMENT_LIMIT,
    against,
    commit,
    duration,
    fold,
    joined,
    listed,
    plural,
    shorten,
    table,
    tokens,
    total,
)

_TABLE, _LINES = 26_000, 16_000
"""Characters for the table of issues and for the shorter lines after it."""
_HELD = 8_000
"""Characters for what a judge held back."""
_SENTENCE = 300
_FAILED = 3


def summary(publication: Publication) -> str:
    """The comment with its marker; never longer than GitHub takes."""
    return _fitted(publication)[1]


def shown(publication: Publication) -> Listing:
    """The listing of the summary as it is posted: what it names, and what it leaves out."""
    return _listing(publication, _fitted(publication)[0])


def held_shown(publication: Publication) -> int:
    """How many of those held back the summary as it is posted names."""
    return held.shown(publication, int(_HELD * _fitted(publication)[0]))


def _fitted(publication: Publication) -> tuple[float, str]:
    """(scale, comment): the largest scale at which everything fits."""
    made = [(0.0, _body(publication, 0.0))]
    for scale in (0.05, 0.2, 0.5, 1.0):
        body = _body(publication, scale)
        if len(body) > COMMENT_LIMIT:
            break
        made.append((scale, body))
    return made[-1]


def _listing(publication: Publication, scale: float) -> Listing:
    return fit(entries(publication), table=int(_TABLE * scale), lines=int(_LINES * scale))


def headline(publication: Publication) -> str:
    """The first line: the verdict, and who read it when there is nothing to fix."""
    decision = publication.decision
    title = sanitize.inline(decision.title, limit=400, secrets=publication.secrets)
    if decision.conclusion is not Conclusion.SUCCESS:
        return title
    result = publication.result
    readers = [r.agent for r in result.reports if r.state is ReportState.FINISHED]
    who = sanitize.inline(listed(readers), limit=400)
    return f"{title}, read by {who} ({plural(result.files, 'file')})"


def notices(publication: Publication, scale: float = 1.0) -> str:
    """What a reader must know before the verdict is believed: who is missing, what waits."""
    plan, secrets = publication.plan, publication.secrets
    limit = max(80, int(_SENTENCE * scale))
    count = max(2, int(20 * scale))

    def said(text: str) -> str:
        return sanitize.inline(text, limit=limit, secrets=secrets)

    missing = [r for r in publication.result.reports if r.state is not ReportState.FINISHED]
    blocks = [_missing(report, publication, said(report.reason)) for report in missing]
    judge = publication.result.judge
    if judge is not None and judge.state is not ReportState.FINISHED:
        why = f" ({said(judge.reason)})" if judge.reason else ""
        name = sanitize.inline(judge.agent, limit=60)
        blocks.append(f"Note: the judge {name} did not finish{why}, so nothing was held back.")
    if plan.withheld and not plan.approved:
        blocks.append(withheld(plan.withheld))
    blocks += _capped([f"Configuration: {said(p)}" for p in plan.config_problems], count)
    blocks += _capped([f"Note: {said(note)}" for note in publication.notes], count)
    if plan.sandbox_note:
        blocks.append(f"Note: {said(plan.sandbox_note)}")
    return joined(*blocks)


def withheld(names: tuple[str, ...]) -> str:
    """How a maintainer lets the other agents read an outsider's pull request."""
    who = sanitize.inline(listed(names), limit=300)
    verb = "has" if len(names) == 1 else "have"
    return (
        f"**{who} {verb} not read this**: the pull request's author has no write permission here."
        " A maintainer can have exactly this commit read with the comment `/harness review`."
    )


def numbers(publication: Publication) -> str:
    """Where every finding went; the sum is always right."""
    result = publication.result
    at = Counter(
        "dismissed" if issue.state is IssueState.DISMISSED else publication.placement(issue).value
        for issue in result.issues
    )
    parts = [f"{at[kind.value]} {kind.value}" for kind in Placement]
    if result.held:
        parts.append(f"{len(result.held)} held back")
    told = len(result.issues) + len(result.held)
    parts.append(f"{result.found - told} merged")
    if at["dismissed"]:
        parts.append(f"{at['dismissed']} dismissed")
    return f"found {result.found} = {' + '.join(parts)}"


def agents_table(result: ReviewResult) -> str:
    """Outcome, time, tokens and cost of each agent, and of all together."""
    rows = [_agent_row(report, result.files) for report in result.reports]
    if result.judge is not None:
        rows.append(_judge_row(result.judge))
    if len(rows) > 1:
        rows.append(_total_row(result))
    head = ("agent", "outcome", "files", "found", "time", "tokens in / out", "cost")
    return table(head, rows)


def _body(publication: Publication, scale: float) -> str:
    line = marker.write(marker.Marker(kind=marker.SUMMARY, run=publication.plan.run_id))
    text = joined(
        f"### harness: {headline(publication)}",
        _issues(_listing(publication, scale), publication),
        held.in_comment(publication, int(_HELD * scale)),
        earlier(publication, scale),
        notices(publication, scale),
        fold("Coverage, cost, how this was decided", _details(publication, scale)),
    )
    return f"{text}\n{line}"


def _issues(listing: Listing, publication: Publication) -> str:
    head = ("", "issue", "where", "found by", "id")
    parts = [
        table(head, (entry.row for entry in listing.table)),
        "\n".join(entry.line for entry in listing.lines),
    ]
    if listing.rest:
        url = publication.plan.details_url
        also = f" and on [the page of this run]({url})" if url else ""
        rest = plural(len(listing.rest), "more issue")
        parts.append(f"{rest}, listed in the details of the check `harness`{also}.")
    return joined(*parts)


def _missing(report: AgentReport, publication: Publication, reason: str) -> str:
    agent = sanitize.inline(report.agent, limit=60)
    why = f" ({reason})" if reason else ""
    kept = any(report.agent in issue.agents for issue in publication.result.carried)
    effects = [
        *(["its earlier issues stay open"] if kept else []),
        "this review is incomplete" if report.required else "it is optional",
    ]
    done = "start" if report.state is ReportState.NOT_STARTED else "finish"
    return f"**{agent} did not {done}**{why}: {' and '.join(effects)}."


def _details(publication: Publication, scale: float) -> str:
    plan, result = publication.plan, publication.result
    base = sanitize.inline(plan.pull.base_ref, limit=100)
    coverage = (
        f"Head {commit(result.head_sha)} against {base} at {commit(result.base_sha)} ·"
        f" {plural(result.files, 'file')} reviewed, {len(result.skipped)} not"
    )
    return joined(
        coverage,
        _parts(result),
        _skipped(result, scale),
        _untold(result, publication.secrets),
        agents_table(result),
        _opinions(result, publication.secrets),
        _bill(publication),
        _answers(result, publication, scale),
        numbers(publication),
        _decided(publication),
    )


def _parts(result: ReviewResult) -> str:
    """Nobody saw such a change as a whole; that is said."""
    if not result.parts:
        return ""
    named = ", ".join(
        f"{sanitize.code(shorten(part.folder or '/', 60), limit=80)}"
        f" ({plural(len(part.paths), 'file')})"
        for part in result.parts
    )
    return f"Too large for one prompt: coding agents read it in {len(result.parts)} parts: {named}."


def _untold(result: ReviewResult, secrets: tuple[str, ...]) -> str:
    """Whoever wonders why reviewers did not know something finds it here."""
    lines = [f"- {sanitize.inline(said, limit=200, secrets=secrets)}" for said in result.untold]
    return "\n".join(["Reviewers could not be told:", *lines]) if lines else ""


def _skipped(result: ReviewResult, scale: float) -> str:
    """By reason, with the first few files of each."""
    if not result.skipped:
        return ""
    by_reason: dict[str, list[str]] = {}
    for skipped in result.skipped:
        by_reason.setdefault(skipped.reason, []).append(skipped.path)
    lines = [
        f"- {sanitize.inline(reason, limit=120)}: {_some(paths, max(1, int(8 * scale)))}"
        for reason, paths in sorted(by_reason.items())
    ]
    return "Not reviewed:\n" + "\n".join(_capped(lines, max(3, int(30 * scale))))


def _some(paths: list[str], count: int) -> str:
    named = ", ".join(sanitize.code(shorten(path, 90), limit=110) for path in paths[:count])
    return f"{named} and {len(paths) - count} more" if len(paths) > count else named


def _agent_row(report: AgentReport, files: int) -> tuple[str, ...]:
    words = {ReportState.FINISHED: "finished", ReportState.NOT_STARTED: "not started"}
    outcome = words.get(report.state, report.state.value)
    if not report.required:
        outcome += " (optional)"
    return (
        sanitize.cell(report.agent, limit=60),
        outcome,
        "–" if report.files is None else f"{report.files} of {files}",
        str(len(report.findings)),
        duration(report.run.duration),
        tokens(report),
        dollars(report.run.cost_usd),
    )


def _judge_row(report: AgentReport) -> tuple[str, ...]:
    row = _agent_row(replace(report, required=True, files=None), 0)
    name, outcome, files, _found, *rest = row
    return (f"{name} (judge)", outcome, files, "–", *rest)


def _opinions(result: ReviewResult, secrets: tuple[str, ...]) -> str:
    """What second agents said who were asked to refute an issue each, and what that cost."""
    if not result.verifiers:
        return ""
    said = Counter(r.opinion.verified for r in result.verifiers if r.opinion is not None)
    counts = ", ".join(f"{said[kind]} {kind.value}" for kind in Verified if said[kind])
    cost = total(report.run.cost_usd for report in result.verifiers)
    failed = [r for r in result.verifiers if r.state is not ReportState.FINISHED]
    why = "".join(
        f"; {sanitize.inline(r.agent, limit=80)} did not finish"
        f" ({sanitize.inline(r.reason, limit=_SENTENCE, secrets=secrets)})"
        for r in failed[:_FAILED]
    )
    more = f"; {len(failed) - _FAILED} more did not finish" if len(failed) > _FAILED else ""
    asked, spent = plural(len(result.verifiers), "issue"), sanitize.inline(str(cost), limit=80)
    return f"Second opinions on {asked}: {counts} · {spent}{why}{more}"


def _total_row(result: ReviewResult) -> tuple[str, ...]:
    cost = str(total(report.run.cost_usd for report in (*result.reports, *result.later)))
    longest = max(report.run.duration for report in result.reports)  # they read side by side
    longest += result.judge.run.duration if result.judge is not None else 0.0
    return ("**all**", "", "", str(result.found), duration(longest), "", cost)


def _bill(publication: Publication) -> str:
    """What counts beside this run; empty where no model was called and no limit is set."""
    bill, limits = publication.bill, publication.plan.limits
    if bill is None or not (bill.pull.calls or limits != Limits()):
        return ""
    run, pull = against(bill.run, limits.run), against(bill.pull, limits.pull)
    text = f"Cost of this run: {run} · of this pull request so far: {pull}"
    return sanitize.inline(text, limit=_SENTENCE)  # two dollar signs in a line begin a formula


def _answers(result: ReviewResult, publication: Publication, scale: float) -> str:
    """Each agent's own summary, and what of its answer could not be used."""
    limit = max(60, int(600 * scale))
    lines: list[str] = []
    judge = (result.judge,) if result.judge is not None else ()
    for report in (*result.reports, *judge):
        agent = sanitize.inline(report.agent, limit=60)
        if report.summary:
            text = sanitize.inline(report.summary, limit=limit, secrets=publication.secrets)
            lines.append(f"- {agent}: {text}")
        if report.untouched:
            lines.append(
                f"- {agent}: {plural(report.untouched, 'finding')} on lines that this change does"
                " not touch left out"
            )
        problems = [
            f"- {agent}: {sanitize.inline(problem, limit=limit, secrets=publication.secrets)}"
            for problem in report.problems
        ]
        lines += _capped(problems, max(1, int(10 * scale)))
    return "\n".join(lines)


def _decided(publication: Publication) -> str:
    plan = publication.plan
    rule = (
        "No severity fails the check"
        if plan.fail_on.value == "never"
        else f"The check fails for {plan.fail_on.value} issues and worse"
    )
    return f"{rule}; it succeeds only if every required agent finished on exactly this commit."


def _capped(lines: list[str], count: int) -> list[str]:
    return lines if len(lines) <= count else [*lines[:count], f"… and {len(lines) - count} more"]
