"""The command line: one file per command that does more than print."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import __version__
from bot.errors import HarnessError

app = typer.Typer(
    name="harness",
    help="Several independent reviewers, one honest review; a self-hosted GitHub App.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

PathArgument = Annotated[Path, typer.Argument(help="A folder inside the repository.")]
Base = Annotated[
    str | None,
    typer.Option(
        metavar="REF",
        help="What to compare with. Default: origin/HEAD, else main or master.",
    ),
]
Agent = Annotated[
    list[str] | None,
    typer.Option(
        "--agent",
        metavar="NAME",
        help="An agent to ask, by its configured name or its kind; may be given several times.",
    ),
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"harness {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Several independent reviewers, one honest review; a self-hosted GitHub App."""


@app.command()
def serve() -> None:
    """Run the webhook front door and the worker in one process.

    Needs HARNESS_APP_ID, HARNESS_PRIVATE_KEY_FILE and
    HARNESS_WEBHOOK_SECRET, from the environment, .env or harness.toml.
    `harness config` shows every setting, the README explains them.

    Stops on SIGTERM or Ctrl-C; running reviews go on at the next start.
    """
    from bot.app import main as run

    raise typer.Exit(run())


@app.command()
def worker() -> None:
    """Run a worker only, for deployments with several processes or machines (PostgreSQL)."""
    from bot.app import main as run

    raise typer.Exit(run(front_door=False))


@app.command()
def review(
    path: PathArgument = Path(),
    base: Base = None,
    agent: Agent = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="SEVERITY",
            help="Lowest severity that exits with 1: critical, major, minor, never.",
        ),
    ] = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text, json, sarif or markdown.")
    ] = "text",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report there.")
    ] = None,
) -> None:
    """Review a local repository: the same review as on a pull request, no GitHub, no credentials.

    Reads the committed changes of HEAD against the base. Exit status:
    0 clean, 1 findings at or above the failing severity, 2 could not review.

    Limits of money (HARNESS_BUDGET_*) are all limits of this one run: no other is known here.
    """
    from bot.cli.review import run

    raise typer.Exit(
        run(
            path,
            base=base,
            agents=tuple(agent or ()),
            fail_on=fail_on,
            output_format=output_format,
            output=output,
        )
    )


@app.command()
def context(
    path: PathArgument = Path(),
    base: Base = None,
    output_format: Annotated[
        str, typer.Option("--format", help="text, json, or prompt (the very words).")
    ] = "text",
) -> None:
    """Show what reviewers of a local change would be told.

    Intent, checkpoints of the authoring sessions, instructions of the
    base, related files, outlines, how many tokens each of them takes,
    and what there was no room for. Nothing is asked of a model.
    """
    from bot.cli.context import run

    raise typer.Exit(run(path, base=base, output_format=output_format))


@app.command()
def refactor(
    path: PathArgument = Path(),
    base: Base = None,
    agent: Agent = None,
    task: Annotated[
        str,
        typer.Option(metavar="TEXT", help="Do this, instead of repairing what a review finds."),
    ] = "",
    rounds: Annotated[
        int | None, typer.Option(min=1, max=20, help="Reviews at most. Default: 3.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Paths that may change although the change does not touch them (gitignore"
            " syntax); may be given several times.",
        ),
    ] = None,
    branch: Annotated[
        str, typer.Option(metavar="NAME", help="Write the result to this new branch.")
    ] = "",
) -> None:
    """Repair a local change: a developer agent, tests and reviewers in turn, in a copy.

    Reviews the committed changes of HEAD against the base, lets the developer
    (HARNESS_DEVELOPER, else the first agent that can write) repair what was
    found, and tests and reviews its work until it passes or the rounds are over.
    The difference goes to standard output, for `git apply`; your files, your
    index and your branches stay as they are, unless --branch names a new one.

    Exit status: 0 repaired or nothing to repair, 1 not repaired, 2 could not.
    """
    from bot.cli.refactor import Wishes, run

    wishes = Wishes(
        base=base,
        agents=tuple(agent or ()),
        task=task,
        rounds=rounds,
        branch=branch,
        also=tuple(allow or ()),
    )
    raise typer.Exit(run(path, wishes))


@app.command()
def merge(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="SARIF, the JSON of `harness review`, or JSON Lines; - is standard input.",
        ),
    ],
    output_format: Annotated[
        str, typer.Option("--format", help="json, jsonl, sarif or markdown.")
    ] = "json",
) -> None:
    """Merge the findings of any tools: one issue for each problem, every tool's words kept.

    A line of JSON Lines has `text` (or `title`, `description`) and may have
    `id`, `agent`, `file`, `line`, `severity`, `group`; only findings of one
    group are merged. With --format jsonl each finding becomes one line with
    its `id` and `cluster`, in the order they came.

    Nothing is sent anywhere. Exit status: 0 merged, 2 a file cannot be read.
    """
    from bot.cli.merge import run

    raise typer.Exit(run(files, output_format=output_format))


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option(help="Exit when the review is posted; 0 only if it really was.")
    ] = False,
    repo: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Make the pull request from this repository of yours."),
    ] = None,
    base: Base = None,
    head: Annotated[
        str | None, typer.Option(metavar="REF", help="The branch to review. Default: HEAD.")
    ] = None,
    agent: Agent = None,
) -> None:
    """Show the whole main job on an embedded GitHub: no network, account or key.

    Starts a small GitHub on this machine with a real git repository and a
    real pull request, runs the real bot against it, and shows where to look
    at the result. Settings (agents, too) are those of `harness config`.
    """
    from bot.cli.demo import run

    raise typer.Exit(run(once=once, repo=repo, base=base, head=head, agents=tuple(agent or ())))


@app.command()
def doctor() -> None:
    """Prove, line by line, that this installation can do its job.

    Looks at git, the sandbox, the database, the agents with their versions
    and logins, and, where an App is configured, at GitHub: credentials,
    permissions, events, webhook. Asks no model anything that costs money.
    Exit status: 0 ready, 2 when something has to be mended.
    """
    from bot.cli.doctor import run

    raise typer.Exit(run())


@app.command()
def config(
    path: PathArgument = Path(),
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of .github/harness.yml.")
    ] = False,
) -> None:
    """Show the effective configuration and where each value comes from; secrets are never shown.

    Checks .github/harness.yml as it is on the disk.
    Exit status: 2 if something is wrong.
    """
    from bot.cli.config import run

    raise typer.Exit(run(path, schema=schema))


@app.command()
def runs(
    run_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show this run.")] = None,
    patch: Annotated[
        bool, typer.Option("--patch", help="Print what a repair came to, for `git apply`.")
    ] = False,
) -> None:
    """List runs, or show one: its agents and its issues."""
    from bot.cli.runs import run

    raise typer.Exit(run(run_id, patch=patch))


def _interrupt(*_: object) -> None:
    """SIGTERM ends a command as Ctrl-C does, and leaves nothing in the temporary directory."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background by a script
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def main() -> int:
    """Errors are one clear line and exit status 2, never a traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except HarnessError as error:
        sys.stderr.write(f"harness: {error}\n")
        return 2
    return 0
