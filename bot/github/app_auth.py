"""The GitHub App: proves who it is, and gets tokens and clients for its installations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from typing_extensions import override

from bot.clock import Clock
from bot.errors import AccessLost, ConfigurationError, GitHubError, Unprocessable
from bot.github.address import ApiAddress
from bot.github.client import GitHubClient
from bot.github.etags import EtagCache
from bot.github.links import join
from bot.github.payload import items, moment, needed_text, number, obj, text
from bot.github.repository import RepoClient
from bot.github.settling import Refusals, Settling
from bot.github.tokens import READ, REVIEW, SETTLE, Token, TokenKey, Tokens
from bot.models.github import Repo

SKEW = timedelta(seconds=60)
"""GitHub refuses a JWT from the future; our clock may be ahead."""
LIFE = timedelta(minutes=9)
"""Ten minutes is GitHub's limit, and our clock may be behind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppRecord:
    """The App as GitHub has it."""

    slug: str
    permissions: Mapping[str, str]
    """Name -> ``read``, ``write`` or ``admin``."""
    events: tuple[str, ...]
    installations: int


class GitHubApp:
    """One App at one API, for every installation of it."""

    def __init__(
        self,
        app_id: str,
        private_key: str,
        api_url: str,
        http: httpx.AsyncClient,
        clock: Clock,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.app_id = app_id
        self._address = ApiAddress.parse(api_url)
        self._http = http
        self._clock = clock
        self._pause = pause
        self._etags = EtagCache()
        self._tokens = Tokens(self._mint, clock)
        self._refusals = Refusals(clock)
        self._api = self._client(_AppCredentials(app_id, _key(private_key), clock))
        self._login = ""

    async def client(
        self, installation_id: int, repo: Repo, permissions: Mapping[str, str] = REVIEW
    ) -> RepoClient:
        """A client for one repository; its tokens are renewed as they end."""
        key = TokenKey.of(installation_id, repo, permissions)
        api = self._client(_InstallationCredentials(self._tokens, key), self._etags)
        key = TokenKey.of(installation_id, repo, SETTLE)
        settling = Settling(
            self._client(_SettlingCredentials(self._tokens, key)),
            (installation_id, repo),
            self._refusals,
        )
        return RepoClient(api, repo, await self.login(), settling=settling)

    async def token(
        self, installation_id: int, repo: Repo, permissions: Mapping[str, str] = READ
    ) -> str:
        """A token for one repository with these permissions and no other."""
        return await self._tokens.get(TokenKey.of(installation_id, repo, permissions))

    async def login(self) -> str:
        """Under which name GitHub shows what the App writes."""
        if not self._login:
            app = await self._as_app(self._api.getitem(join("app")))
            self._login = f"{needed_text(obj(app, 'App'), 'slug')}[bot]"
        return self._login

    async def record(self) -> AppRecord:
        """What GitHub knows of the App now; not kept, because permissions change."""
        app = obj(await self._as_app(self._api.getitem(join("app"))), "App")
        return AppRecord(
            slug=needed_text(app, "slug"),
            permissions={str(k): str(v) for k, v in obj(app.get("permissions"), "App").items()},
            events=tuple(str(name) for name in items(app, "events")),
            installations=number(app, "installations_count"),
        )

    async def webhook_url(self) -> str:
        """Where GitHub delivers to; empty if nowhere."""
        config = await self._as_app(self._api.getitem(join("app", "hook", "config")))
        return text(obj(config, "webhook"), "url")

    async def _mint(self, key: TokenKey) -> Token:
        path = join("app", "installations", key.installation_id, "access_tokens")
        asked = {"repositories": [key.repo.name], "permissions": dict(key.permissions)}
        try:
            answer = await self._as_app(self._api.post(path, data=asked))
        except AccessLost:  # suspended
            self._tokens.drop_installation(key.installation_id)
            raise
        except Unprocessable as error:  # not this repository, or not these permissions
            if not key.settles:  # many an installation gives no such token, and the rest stands
                self._tokens.drop_repo(key.installation_id, key.repo)
            raise AccessLost(f"no access to {key.repo.full_name}: {error}") from error
        except GitHubError as error:
            if error.status != 404:
                raise
            self._tokens.drop_installation(key.installation_id)
            raise AccessLost(
                f"the App is not installed for {key.repo.full_name} any more"
            ) from error
        data = obj(answer, "token")
        value = needed_text(data, "token")
        if not value.isascii() or not value.isprintable():
            raise GitHubError("GitHub's answer holds no usable token", 201)
        return Token(value=value, expires_at=moment(data, "expires_at"))

    async def _as_app(self, call: Awaitable[Any]) -> Any:
        try:
            return await call
        except GitHubError as error:
            if error.status != 401:
                raise
            raise GitHubError(
                "GitHub does not accept the App's credentials: check HARNESS_APP_ID,"
                f" HARNESS_PRIVATE_KEY and this machine's clock ({error})",
                401,
            ) from error

    def _client(
        self,
        credentials: _AppCredentials | _InstallationCredentials,
        etags: EtagCache | None = None,
    ) -> GitHubClient:
        return GitHubClient(
            self._http,
            self._address,
            credentials,
            clock=self._clock,
            etags=etags,
            pause=self._pause,
        )


class _AppCredentials:
    """A fresh JWT per request: signing is cheaper than remembering when it ends."""

    scope = 0

    def __init__(self, app_id: str, key: RSAPrivateKey, clock: Clock) -> None:
        self._app_id = app_id
        self._key = key
        self._clock = clock

    async def header(self) -> str:
        now = self._clock.now()
        claims = {"iat": int((now - SKEW).timestamp()), "exp": int((now + LIFE).timestamp())}
        made = jwt.encode({**claims, "iss": self._app_id}, self._key, algorithm="RS256")
        return f"Bearer {made}"

    def rejected(self, header: str) -> bool:
        return False  # the next one would be signed with the same key

    def lost(self) -> None:
        """Nothing is cached for the App itself."""


class _InstallationCredentials:
    """A cached token of one installation, for one repository."""

    def __init__(self, tokens: Tokens, key: TokenKey) -> None:
        self._tokens = tokens
        self._key = key
        self.scope = key.installation_id

    async def header(self) -> str:
        return f"Bearer {await self._tokens.get(self._key)}"

    def rejected(self, header: str) -> bool:
        self._tokens.drop(self._key, header.removeprefix("Bearer "))
        return True

    def lost(self) -> None:
        self._tokens.drop_repo(self._key.installation_id, self._key.repo)


class _SettlingCredentials(_InstallationCredentials):
    """Refused, it takes no other token along: resolving threads is asked for on top."""

    @override
    def lost(self) -> None:
        self._tokens.drop_key(self._key)


def _key(pem: str) -> RSAPrivateKey:
    """Read once, so that a wrong key is told at the start; ``\\n`` as two characters is common."""
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The message of the library may quote the key's text: it is not passed on.
        raise ConfigurationError("HARNESS_PRIVATE_KEY is not a private key in PEM form") from None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError("HARNESS_PRIVATE_KEY is not an RSA key")
    return key
