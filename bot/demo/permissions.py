"""Which permission of an installation each endpoint needs, as GitHub documents it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
"""From nothing to everything; installations know none, read, write (and admin) only."""

Need = tuple[str, str]
"""A permission's name and level, such as ``("checks", "write")``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """``any_of``: one of these is enough. ``app``: the App's own JWT instead of a token."""

    any_of: tuple[Need, ...] = ()
    app: bool = False
    anyone: bool = False
    """Neither token nor JWT needed."""

    @property
    def header(self) -> str:
        """The value of ``X-Accepted-GitHub-Permissions``."""
        return "; ".join(f"{name}={level}" for name, level in self.any_of)


APP = Rule(app=True)
TOKEN = Rule()
METADATA = Rule(any_of=(("metadata", "read"),))
READ_PULLS = Rule(any_of=(("pull_requests", "read"),))
WRITE_PULLS = Rule(any_of=(("pull_requests", "write"),))
READ_TALK = Rule(any_of=(("issues", "read"), ("pull_requests", "read")))
WRITE_TALK = Rule(any_of=(("issues", "write"), ("pull_requests", "write")))
REACT = Rule(any_of=(("issues", "write"),))
READ_CHECKS = Rule(any_of=(("checks", "read"),))
WRITE_CHECKS = Rule(any_of=(("checks", "write"),))
READ_CONTENTS = Rule(any_of=(("contents", "read"),))

_REPO = "/repos/{owner}/{repo}"

RULES: Mapping[tuple[str, str], Rule] = {
    ("GET", "/app"): APP,
    ("GET", "/app/installations"): APP,
    ("POST", "/app/installations/{installation_id}/access_tokens"): APP,
    ("GET", "/app/hook/config"): APP,
    ("GET", "/app/hook/deliveries"): APP,
    ("GET", "/app/hook/deliveries/{delivery_id}"): APP,
    ("POST", "/app/hook/deliveries/{delivery_id}/attempts"): APP,
    ("GET", f"{_REPO}/installation"): APP,
    ("GET", "/meta"): Rule(anyone=True),
    ("GET", "/rate_limit"): TOKEN,
    ("GET", "/installation/repositories"): METADATA,
    ("DELETE", "/installation/token"): TOKEN,
    ("GET", _REPO): METADATA,
    ("GET", f"{_REPO}/collaborators/{{username}}/permission"): METADATA,
    ("GET", f"{_REPO}/pulls"): READ_PULLS,
    ("GET", f"{_REPO}/pulls/{{pull_number}}"): READ_PULLS,
    ("GET", f"{_REPO}/pulls/{{pull_number}}/files"): READ_PULLS,
    ("GET", f"{_REPO}/pulls/{{pull_number}}/reviews"): READ_PULLS,
    ("POST", f"{_REPO}/pulls/{{pull_number}}/reviews"): WRITE_PULLS,
    ("GET", f"{_REPO}/pulls/{{pull_number}}/comments"): READ_PULLS,
    ("POST", f"{_REPO}/pulls/{{pull_number}}/comments"): WRITE_PULLS,
    ("POST", f"{_REPO}/pulls/{{pull_number}}/comments/{{comment_id}}/replies"): WRITE_PULLS,
    ("GET", f"{_REPO}/pulls/comments/{{comment_id}}"): READ_PULLS,
    ("PATCH", f"{_REPO}/pulls/comments/{{comment_id}}"): WRITE_PULLS,
    ("DELETE", f"{_REPO}/pulls/comments/{{comment_id}}"): WRITE_PULLS,
    ("GET", f"{_REPO}/pulls/comments/{{comment_id}}/reactions"): READ_PULLS,
    ("POST", f"{_REPO}/pulls/comments/{{comment_id}}/reactions"): WRITE_PULLS,
    ("GET", f"{_REPO}/commits/{{commit_sha}}/pulls"): READ_PULLS,
    ("GET", f"{_REPO}/issues/{{issue_number}}"): READ_TALK,
    ("GET", f"{_REPO}/issues/{{issue_number}}/comments"): READ_TALK,
    ("POST", f"{_REPO}/issues/{{issue_number}}/comments"): WRITE_TALK,
    ("GET", f"{_REPO}/issues/comments/{{comment_id}}"): READ_TALK,
    ("PATCH", f"{_REPO}/issues/comments/{{comment_id}}"): WRITE_TALK,
    ("DELETE", f"{_REPO}/issues/comments/{{comment_id}}"): WRITE_TALK,
    ("GET", f"{_REPO}/issues/comments/{{comment_id}}/reactions"): READ_TALK,
    ("POST", f"{_REPO}/issues/comments/{{comment_id}}/reactions"): REACT,
    ("POST", f"{_REPO}/check-runs"): WRITE_CHECKS,
    ("PATCH", f"{_REPO}/check-runs/{{check_run_id}}"): WRITE_CHECKS,
    ("GET", f"{_REPO}/check-runs/{{check_run_id}}"): READ_CHECKS,
    ("GET", f"{_REPO}/check-runs/{{check_run_id}}/annotations"): READ_CHECKS,
    ("POST", f"{_REPO}/check-runs/{{check_run_id}}/rerequest"): WRITE_CHECKS,
    ("GET", f"{_REPO}/commits/{{ref}}/check-runs"): READ_CHECKS,
    ("GET", f"{_REPO}/contents/{{path}}"): READ_CONTENTS,
    ("GET", f"{_REPO}/branches/{{branch}}"): READ_CONTENTS,
    ("GET", f"{_REPO}/git/ref/{{ref}}"): READ_CONTENTS,
    ("GET", f"{_REPO}/commits/{{ref}}"): READ_CONTENTS,
    ("GET", f"{_REPO}/compare/{{basehead}}"): READ_CONTENTS,
}
"""Every route of the API has its line; a test compares the two."""

GRAPHQL_RULES: Mapping[str, Need] = {
    "repository": ("pull_requests", "read"),
    "resolveReviewThread": ("contents", "write"),
    "unresolveReviewThread": ("contents", "write"),
}
"""GitHub demands contents: write of an App that resolves a thread."""


def grants(permissions: Mapping[str, str], need: Need) -> bool:
    """Whether a token with ``permissions`` covers ``need``. Every token may read metadata."""
    name, level = need
    has = "read" if name == "metadata" else permissions.get(name, "none")
    return LEVELS.index(has) >= LEVELS.index(level)


def allowed(permissions: Mapping[str, str], rule: Rule) -> bool:
    """Whether one of the rule's needs is covered; a rule without needs takes any token."""
    return not rule.any_of or any(grants(permissions, need) for need in rule.any_of)


def narrower(asked: Mapping[str, str], held: Mapping[str, str]) -> bool:
    """Whether an installation that holds ``held`` may give out a token for ``asked``."""
    return all(level in LEVELS and grants(held, (name, level)) for name, level in asked.items())
