"""`app.yml` says what the handlers and the client need, and nothing else."""

from pathlib import Path

import yaml

from bot.handlers.handler import handlers
from bot.handlers.manifest import manifest

APP_YML = Path(__file__).parents[3] / "app.yml"


def test_the_file_is_what_the_handlers_declare():
    assert APP_YML.read_text() == manifest(handlers())


def test_events_that_cannot_be_subscribed_to_are_not_in_it():
    events = yaml.safe_load(APP_YML.read_text())["default_events"]
    assert not {"ping", "installation", "installation_repositories"} & set(events)
    assert set(events) == {name for name, handler in handlers().items() if handler.subscribed}


def test_nothing_may_be_written_but_checks_and_pull_requests():
    permissions = yaml.safe_load(APP_YML.read_text())["default_permissions"]
    assert {name for name, access in permissions.items() if access == "write"} == {
        "checks",
        "pull_requests",
    }
