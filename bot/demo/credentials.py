"""The App's key and the tokens of its installations."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.clock import Clock
from bot.demo.permissions import narrower
from bot.demo.refusal import Refusal, bad_credentials
from bot.demo.state import Installation, Repository, State, Token, User

TOKEN_LIFE = timedelta(hours=1)
LONGEST_JWT = 600
SKEW = 60

APP_PERMISSIONS = {
    "checks": "write", "contents": "write", "issues": "write", "merge_queues": "read",
    "metadata": "read", "pull_requests": "write",
}  # fmt: skip
APP_EVENTS = (
    "check_run", "check_suite", "issue_comment", "merge_group", "pull_request",
    "pull_request_review_comment", "pull_request_review_thread",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class AppCredentials:
    """What an operator would put into harness's settings."""

    app_id: int
    slug: str
    private_key: str
    public_key: str
    webhook_secret: str

    @property
    def login(self) -> str:
        return f"{self.slug}[bot]"


def new_credentials(slug: str, app_id: int = 4711) -> AppCredentials:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return AppCredentials(
        app_id=app_id,
        slug=slug,
        private_key=private.decode(),
        public_key=public.decode(),
        webhook_secret=secrets.token_hex(20),
    )


def check_app_jwt(text: str, credentials: AppCredentials, clock: Clock) -> None:
    """Refuse a JWT that this App's key did not sign, or that GitHub finds too old or too long."""
    try:
        claims = jwt.decode(
            text,
            credentials.public_key,
            algorithms=["RS256"],
            # Times are compared with this GitHub's clock; an issuer may be a number there.
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_iss": False,
                "verify_nbf": False,
                "require": ["exp", "iat", "iss"],
            },
        )
        issued, expires = int(claims["iat"]), int(claims["exp"])
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise Refusal(401, "A JSON web token could not be decoded") from error
    now = clock.now().timestamp()
    if str(claims["iss"]) not in (str(credentials.app_id), f"Iv1.{credentials.app_id}"):
        raise Refusal(401, "Integration not found")
    if issued > now + SKEW:
        raise Refusal(401, "'Issued at' claim ('iat') must be an Integer representing a past time")
    if expires > now + LONGEST_JWT + SKEW:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    if expires <= now:
        raise Refusal(401, "'Expiration time' claim ('exp') must be a time in the future")


def issue_token(
    state: State, installation: Installation, asked: Mapping[str, Any], clock: Clock
) -> Token:
    """A token with what was asked for, refused beyond what the installation holds."""
    if installation.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    permissions = asked.get("permissions")
    if permissions is None:
        permissions = installation.permissions
    if not isinstance(permissions, dict) or not narrower(permissions, installation.permissions):
        raise Refusal(422, "The permissions requested are not granted to this installation.")
    token = Token(
        value=f"ghs_{secrets.token_hex(18)}",
        expires_at=(clock.now() + TOKEN_LIFE).replace(microsecond=0),
        permissions={"metadata": "read", **permissions},
        installation_id=installation.id,
        repository_ids=_repositories(state, installation, asked),
    )
    state.tokens[token.value] = token
    return token


def _repositories(
    state: State, installation: Installation, asked: Mapping[str, Any]
) -> frozenset[int] | None:
    names, ids = asked.get("repositories"), asked.get("repository_ids")
    if names is None and ids is None:
        return None
    reached = [
        repo
        for repo in state.repositories.values()
        if repo.installation_id == installation.id and not repo.deleted
    ]
    by_name = {repo.name.lower(): repo.id for repo in reached}
    found = {by_name.get(str(name).lower()) for name in names or ()}
    known = {repo.id for repo in reached}
    found |= {number if number in known else None for number in ids or ()}
    if None in found:
        raise Refusal(
            422,
            "There is at least one repository that does not exist or is not accessible to the"
            " parent installation.",
        )
    return frozenset(number for number in found if number is not None)


def withdraw(state: State, name: str, level: str) -> None:
    """No installation's token holds more of this permission than ``level`` from now on."""
    for token in state.tokens.values():
        held = {name: token.permissions.get(name, "none")}
        if token.installation_id is not None and not narrower(held, {name: level}):
            token.permissions[name] = level


def person_token(state: State, user: User, clock: Clock) -> Token:
    """A personal token: may do what its owner may."""
    token = Token(
        value=f"ghp_{secrets.token_hex(18)}", expires_at=clock.now() + timedelta(days=30), user=user
    )
    state.tokens[token.value] = token
    return token


def find_token(state: State, header: str, clock: Clock) -> Token | None:
    """The token of an ``Authorization`` header (Bearer, token, or Basic as git sends it).

    None without a header; refused if there is one and it is not good.
    """
    if not header:
        return None
    kind, _, value = header.partition(" ")
    value = value.strip()
    if kind.lower() == "basic":
        value = _password(value)
    elif kind.lower() not in ("bearer", "token"):
        raise bad_credentials()
    token = state.tokens.get(value)
    if token is None or token.expires_at <= clock.now():
        raise bad_credentials()
    installation = state.installations.get(token.installation_id or 0)
    if token.installation_id is not None and installation is None:
        raise bad_credentials()
    if installation is not None and installation.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    return token


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise bad_credentials() from error


def reaches(token: Token, repo: Repository) -> bool:
    """Whether the repository is among those of an installation's token."""
    if token.user is not None:
        return repo.permission(token.user.login) != "none"
    return repo.installation_id == token.installation_id and (
        token.repository_ids is None or repo.id in token.repository_ids
    )
