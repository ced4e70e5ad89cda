"""The answer to ``/harness config``: the rules that apply, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.models import FailOn, Limits, RepoConfig, dollars
from bot.models.repo_config import PATH
from bot.publish import sanitize
from bot.publish.render.words import joined, names, plural, table

MAX_PROBLEMS = 20
OPERATOR = "operator"
NOT_SET = "default"

_DEFAULT = RepoConfig()

Row = tuple[str, str, str]
"""(setting, value, from), safe to show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The repository's choices, and of the operator's settings only what people may know."""

    config: RepoConfig
    default_branch: str
    base_branch: str
    agents: tuple[str, ...]
    """Who reviews here, by name."""
    fail_on: FailOn
    outsiders: str
    problems: tuple[str, ...] = ()
    developer: str = ""
    judge: str = ""
    max_iterations: int = 3
    limits: Limits = field(default_factory=Limits)


def config(rules: Rules, secrets: Sequence[str] = ()) -> str:
    """A table; above it what is wrong with the repository's file."""
    rows = [*_review(rules, secrets), *_repair(rules, secrets), *_money(rules.limits)]
    note = (
        f"The operator's settings and `{PATH}` of two branches count; of two limits the stricter."
        " Nothing is read from the commit that is reviewed."
    )
    return joined(
        "### harness: configuration",
        _problems(rules.problems, secrets),
        table(("setting", "value", "from"), rows),
        note,
    )


def _problems(problems: Sequence[str], secrets: Sequence[str]) -> str:
    shown = [
        f"- {sanitize.inline(problem, limit=300, secrets=secrets)}"
        for problem in problems[:MAX_PROBLEMS]
    ]
    more = len(problems) - len(shown)
    lines = [*shown, *([f"- … and {more} more"] if more > 0 else [])]
    return joined(f"**Mistakes in `{PATH}`:**", "\n".join(lines)) if lines else ""


def _review(rules: Rules, secrets: Sequence[str]) -> Iterator[Row]:
    chosen, default = rules.config, _branch(rules.default_branch, "default")
    base = _branch(rules.base_branch, "base")
    fail_on = chosen.fail_on_with(rules.fail_on).value
    outsiders = chosen.outsiders_with(rules.outsiders)
    yield "agents", names(rules.agents) or "none", OPERATOR if chosen.agents is None else default
    yield "fail_on", fail_on, OPERATOR if fail_on == rules.fail_on.value else default
    yield "outsiders", outsiders, OPERATOR if outsiders == rules.outsiders else default
    yield "drafts", _yes(said=chosen.drafts), _from(default, chosen.drafts, _DEFAULT.drafts)
    labels = _codes(chosen.skip_labels, secrets)
    yield "skip_labels", labels, _from(default, chosen.skip_labels, _DEFAULT.skip_labels)
    comments = chosen.max_comments
    yield "max_comments", str(comments), _from(default, comments, _DEFAULT.max_comments)
    yield "ignore", _ignored(chosen, secrets), _from(base, chosen.ignore, ())
    told = plural(len(chosen.instructions), "instruction") if chosen.instructions else "none"
    yield "instructions", told, _from(base, chosen.instructions, ())
    if rules.judge:
        yield "judge", names([rules.judge]), OPERATOR


def _repair(rules: Rules, secrets: Sequence[str]) -> Iterator[Row]:
    chosen, default = rules.config, _branch(rules.default_branch, "default")
    yield "developer", names([rules.developer]) if rules.developer else "none", OPERATOR
    yield "max_iterations", str(rules.max_iterations), OPERATOR
    command = _codes([chosen.test_command], secrets) if chosen.test_command else "detected"
    yield "test_command", command, _from(default, chosen.test_command, "")
    automatic = ", ".join(chosen.auto_refactor) or "off"
    yield "auto_refactor", automatic, _from(default, chosen.auto_refactor, ())
    also = _codes(chosen.refactor_also, secrets)
    yield "refactor_also", also, _from(default, chosen.refactor_also, ())
    workflows = chosen.refactor_workflows
    yield "refactor_workflows", _yes(said=workflows), _from(default, workflows, False)


def _money(limits: Limits) -> Iterator[Row]:
    """Those that a summary shows too."""
    for name, limit in (("budget of a run", limits.run), ("budget of a pull request", limits.pull)):
        if limit is not None:
            yield name, sanitize.cell(dollars(limit), limit=40), OPERATOR


def _ignored(chosen: RepoConfig, secrets: Sequence[str]) -> str:
    usual = "lock files, vendored and generated code"
    return f"{usual}; {_codes(chosen.ignore, secrets)}" if chosen.ignore else usual


def _branch(name: str, kind: str) -> str:
    return f"{sanitize.cell_code(name, limit=80)} ({kind} branch)"


def _from(where: str, value: object, usual: object) -> str:
    return NOT_SET if value == usual else where


def _codes(texts: Sequence[str], secrets: Sequence[str]) -> str:
    shown = [sanitize.cell_code(text, limit=80, secrets=secrets) for text in texts[:10]]
    more = [f"… and {len(texts) - 10} more"] if len(texts) > 10 else []
    return ", ".join([*shown, *more]) or "none"


def _yes(*, said: bool) -> str:
    return "yes" if said else "no"
