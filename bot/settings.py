"""The operator's configuration; the one reader of the environment.

Sources, the first wins: constructor arguments (the command line), ``HARNESS_*`` variables,
``.env`` in the working directory, ``harness.toml`` (path in ``HARNESS_CONFIG``; the same names in
lower case without the prefix, agents as ``[[agents]]`` tables). All mistakes are told in one
message, and no secret is ever part of one.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from typing_extensions import override

from bot.errors import ConfigurationError

PREFIX = "HARNESS_"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_BASE_URL = "must be https://HOST[:PORT][/PATH] (or http:// of this machine)"
AgentName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]


class AgentSettings(BaseModel):
    """One agent, as the contract spells it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: AgentName
    kind: str
    argv: tuple[str, ...] = ()
    model: str = ""
    skills: tuple[str, ...] = ()
    prompt: str = ""
    timeout: float = Field(default=900.0, gt=0, le=24 * 3600)
    required: bool = True
    api_key_env: str = ""
    api_key_file: str = ""
    base_url: str = ""
    budget_usd: Decimal | None = Field(default=None, ge=0)
    count_tokens: bool = False
    """Prompts are held against the provider's own count instead of an estimate."""

    @field_validator("base_url")
    @classmethod
    def _keys_do_not_travel_in_clear(cls, value: str) -> str:
        try:
            url = urlsplit(value)
            host, _port = url.hostname, url.port
        except ValueError:
            raise ValueError(_BASE_URL) from None
        more = url.query or url.fragment or url.username is not None
        if value and (url.scheme not in ("https", "http") or not host or more):
            raise ValueError(_BASE_URL)
        if url.scheme == "http" and host not in LOOPBACK:
            raise ValueError("http:// is for this machine alone; a key must not travel in clear")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _kind_has_what_it_needs(self) -> AgentSettings:
        if self.kind == "command" and not self.argv:
            raise ValueError(f"agent {self.name!r} is a command and needs argv")
        if self.kind == "opencode" and not (self.model and self.base_url):
            raise ValueError(f"agent {self.name!r} is an opencode and needs model and base_url")
        return self


DEFAULT_AGENTS = (
    AgentSettings(name="ruff", kind="ruff"),
    AgentSettings(name="bandit", kind="bandit"),
    AgentSettings(name="zizmor", kind="zizmor"),
)


class Settings(BaseSettings):
    """Everything an operator can set; the table in the README is generated from it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    app_id: str = Field(default="", description="The GitHub App's id.")
    private_key: SecretStr = Field(
        default=SecretStr(""), description="The App's private key, PEM text."
    )
    private_key_file: Path | None = Field(default=None, description="Or the file that holds it.")
    webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="Signs the deliveries. No secret, no server."
    )
    github_api_url: str = Field(
        default="https://api.github.com",
        description="REST base; GitHub Enterprise Server: `https://HOST/api/v3`.",
    )
    github_url: str = Field(
        default="https://github.com", description="Git and web base, for links and for git."
    )
    data_dir: Path = Field(
        default=Path(".harness"),
        description="Mirrors, work trees, embedded database, logs of runs.",
    )
    database_url: str = Field(
        default="",
        description="`postgresql://…` when one machine is not enough. Default: SQLite in the data"
        " directory.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(
        default="", description="Where people reach the pages; used in check-run links."
    )
    agents: tuple[AgentSettings, ...] = Field(
        default=DEFAULT_AGENTS, description="JSON list of agents. Default: the built-in analyzers."
    )
    developer: AgentSettings | None = Field(
        default=None, description="The developer role. Default: the first agent that can write."
    )
    planner: AgentSettings | None = Field(
        default=None, description="An agent that plans each repair before the developer begins."
    )
    judge: AgentSettings | None = Field(
        default=None,
        description="Reads what two or more coding agents reported and holds back what it refutes;"
        " what it holds back is listed. Default: none.",
    )
    verify: Literal["off", "disputed", "all"] = Field(
        default="off",
        description="New issues that another coding agent of the panel is asked to refute:"
        " `disputed`: those that one of several found alone. Refuted ones are held back and"
        " listed.",
    )
    sandbox: Literal["auto", "require", "off"] = Field(
        default="auto",
        description="`auto`: use it where it works, else refuse every agent but the analyzers;"
        " `require`: refuse to start without; `off`: the machine is yours to lose.",
    )
    max_runs: int = Field(default=4, ge=1, le=1000, description="Runs at once in this process.")
    max_iterations: int = Field(default=3, ge=1, le=20, description="Review-refactor rounds.")
    fail_on: Literal["critical", "major", "minor", "never"] = Field(
        default="major", description="Lowest severity that makes the check fail."
    )
    budget_run_usd: Decimal | None = Field(
        default=None, ge=0, description="US dollars that the model calls of a run may cost."
    )
    budget_pr_usd: Decimal | None = Field(
        default=None, ge=0, description="The same for all runs of a pull request together."
    )
    budget_month_usd: Decimal | None = Field(
        default=None,
        ge=0,
        description="The same for all runs of a calendar month (UTC); see *What it costs*.",
    )
    outsiders: Literal["analyzers", "all", "none"] = Field(
        default="analyzers",
        description="What a pull request by somebody without write permission gets before a"
        " maintainer comments `/harness review` on that head.",
    )
    operator_token: SecretStr = Field(
        default=SecretStr(""),
        description="Signs in to the pages; the bearer token of `/api` and `/metrics`. Default:"
        " generated, kept in the data directory (`operator-token`).",
    )
    dry_run: bool = Field(default=False, description="Review, post nothing.")
    log_format: Literal["console", "json"] = Field(
        default="console", description="`json` for machines."
    )

    @field_validator("github_api_url", "github_url", "public_url")
    @classmethod
    def _is_http_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must start with https:// (or http://)")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _is_database_url(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "sqlite://")):
            raise ValueError("must start with postgresql://")
        return value

    @model_validator(mode="after")
    def _agent_names_are_unique(self) -> Settings:
        judges = [self.judge] if self.judge is not None else []
        names = [agent.name for agent in (*self.agents, *judges)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two agents are named {', '.join(twice)}")
        return self

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, toml_file=_config_file())
        return init_settings, env_settings, dotenv_settings, toml

    def key(self) -> str:
        """The App's private key; `ConfigurationError` if there is none or it cannot be read."""
        text = self.private_key.get_secret_value().replace("\\n", "\n")
        if not text and self.private_key_file is not None:
            try:
                text = self.private_key_file.read_text()
            except OSError as error:
                raise ConfigurationError(
                    f"HARNESS_PRIVATE_KEY_FILE: cannot read {self.private_key_file}:"
                    f" {error.strerror}"
                ) from error
        if not text:
            raise ConfigurationError("set HARNESS_PRIVATE_KEY or HARNESS_PRIVATE_KEY_FILE")
        return text

    def require_app(self) -> None:
        """What ``serve`` cannot do without, all of it in one message."""
        missing = [
            name
            for name, value in (
                ("HARNESS_APP_ID", self.app_id),
                (
                    "HARNESS_PRIVATE_KEY or HARNESS_PRIVATE_KEY_FILE",
                    self.private_key.get_secret_value() or self.private_key_file,
                ),
                ("HARNESS_WEBHOOK_SECRET", self.webhook_secret.get_secret_value()),
            )
            if not value
        ]
        if missing:
            raise ConfigurationError(f"set {', '.join(missing)} (see README, Install on GitHub)")
        self.key()


def _config_file() -> Path | None:
    path = os.environ.get(PREFIX + "CONFIG", "")
    return Path(path) if path else Path("harness.toml")


FILES = ("harness.toml", ".env")
"""Read in the working directory without being named."""


class _NamedSourcesOnly(Settings):
    """Without the files that merely lie in the working directory."""

    @classmethod
    @override
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **more: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        found = super().settings_customise_sources(settings_cls, *sources, **more)
        named = bool(os.environ.get(PREFIX + "CONFIG", ""))
        return tuple(
            source
            for source in found
            if not isinstance(source, DotEnvSettingsSource)
            and (named or not isinstance(source, TomlConfigSettingsSource))
        )


def load_settings(*, files: bool = True, **command_line: Any) -> Settings:
    """Read every source; `ConfigurationError` lists all mistakes in one message.

    ``files=False`` leaves out the files of the working directory: where somebody else's commits are
    checked out, they are not the operator's, and could name any program.
    """
    named = os.environ.get(PREFIX + "CONFIG", "")
    if named and not Path(named).is_file():
        raise ConfigurationError(f"HARNESS_CONFIG names {named}, which is not a file")
    given = {name: value for name, value in command_line.items() if value is not None}
    try:
        return Settings(**given) if files else _NamedSourcesOnly(**given)
    except ValidationError as error:
        raise ConfigurationError("; ".join(_mistake(item) for item in error.errors())) from None
    except ValueError as error:  # a .toml or JSON value that cannot be parsed at all
        raise ConfigurationError(_unparsable(error)) from None


def _mistake(item: Mapping[str, Any]) -> str:
    location = item["loc"]
    message = str(item["msg"]).removeprefix("Value error, ")
    if not location:
        return message
    name = PREFIX + str(location[0]).upper()
    rest = ".".join(str(part) for part in location[1:])
    return f"{name}{f' ({rest})' if rest else ''}: {message}"


def _unparsable(error: ValueError) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"{_config_file()}: {error}"
    field = re.match(r'error parsing value for field "(\w+)"', str(error))
    if field:
        return f"{PREFIX}{field[1].upper()}: this is not JSON"
    # pydantic-settings names the field and the source, and chains the reason; the reason of a
    # JSON mistake quotes the text, which may hold a secret, so only its kind is told.
    reason = type(error.__cause__ or error).__name__
    return f"{str(error).splitlines()[0]} ({reason})"


def environment_value(name: str) -> str:
    """One named variable, for ``api_key_env``: the operator chose the name."""
    return os.environ.get(name, "")


class Value(BaseModel):
    """One effective setting, as people may see it."""

    name: str
    shown: str
    source: str


def values() -> list[Value]:
    """Every setting's effective value and where it comes from; secrets are only said to be set."""
    settings = load_settings()
    sources: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("environment", _given(EnvSettingsSource(Settings, env_prefix=PREFIX))),
        (".env", _given(DotEnvSettingsSource(Settings, env_file=".env", env_prefix=PREFIX))),
        (
            str(_config_file()),
            _given(TomlConfigSettingsSource(Settings, toml_file=_config_file())),
        ),
    )
    return [
        Value(
            name=PREFIX + name.upper(),
            shown=_shown(getattr(settings, name)),
            source=next((where for where, given in sources if name in given), "default"),
        )
        for name in Settings.model_fields
    ]


def unknown_names() -> list[str]:
    """What is set and means nothing: most likely a slip of the pen."""
    known = {*Settings.model_fields, "config"}
    dotenv = DotEnvSettingsSource(Settings, env_file=".env", env_prefix=PREFIX).env_vars
    written = {name.upper() for name in (*os.environ, *dotenv)}
    toml = TomlConfigSettingsSource(Settings, toml_file=_config_file()).toml_data
    return sorted(
        name
        for name in written
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in known
    ) + sorted(f"{_config_file()}: {name}" for name in toml if name not in known)


def settings_table() -> str:
    """Every setting as a Markdown table, for the README."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, info in Settings.model_fields.items():
        default = _shown(info.default).replace("|", "\\|")
        shown = f"`{default}`" if default else "–"
        rows.append(f"| `{PREFIX}{name.upper()}` | {shown} | {info.description} |")
    return "\n".join(rows)


def _given(source: PydanticBaseSettingsSource) -> Mapping[str, Any]:
    return source()


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ", ".join(f"{agent.name} ({agent.kind})" for agent in value)
    # A database address may carry a password.
    return "" if value is None else re.sub(r"(?<=://)([^:/@]*):[^@]*@", r"\1:***@", str(value))
