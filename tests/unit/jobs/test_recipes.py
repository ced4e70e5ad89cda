"""Recipes are collected by name and version; slots name processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigurationError
from bot.jobs import Cookbook, Step
from bot.jobs.database import parse_url
from bot.jobs.slots import slot


async def cook(services: Any, step: Step, request: Any) -> None: ...


def test_the_newest_version_is_used_and_old_ones_stay() -> None:
    book = Cookbook()
    for version in (2, 10, 1):
        assert book.recipe("review", version=version)(cook) is cook
    book.recipe("review_all", version=99)(cook)
    assert book.newest("review").full_name == "review_v10"
    assert book.knows("review_v1")
    assert not book.knows("review_v3")
    assert {recipe.full_name for recipe in book.all()} == {
        "review_v1", "review_v2", "review_v10", "review_all_v99",
    }  # fmt: skip


def test_a_version_exists_once() -> None:
    book = Cookbook()
    book.recipe("review", version=1)(cook)
    with pytest.raises(ConfigurationError, match="two recipes 'review_v1'"):
        book.recipe("review", version=1)(cook)


def test_an_unknown_recipe() -> None:
    with pytest.raises(ConfigurationError, match="'sing'"):
        Cookbook().newest("sing")


def test_slots_are_unique_while_held_and_stable_afterwards(tmp_path: Path) -> None:
    with slot(tmp_path / "data", alone=False) as first:
        with slot(tmp_path / "data", alone=False) as second:
            assert first != second
        with slot(tmp_path / "data", alone=False) as again:
            assert again == second
    with slot(tmp_path / "data", alone=False) as after:
        assert after == first
    with slot(tmp_path / "other", alone=False) as elsewhere:
        assert elsewhere != first


def test_the_only_slot_is_refused_to_a_second_one(tmp_path: Path) -> None:
    with (
        slot(tmp_path, alone=True),
        pytest.raises(ConfigurationError, match="another harness is running on"),
        slot(tmp_path, alone=True),
    ):
        pass
    with slot(tmp_path, alone=True):
        pass


def test_where_the_engine_keeps_its_jobs(tmp_path: Path) -> None:
    for url in ("", f"sqlite:///{tmp_path}/harness.sqlite"):
        assert parse_url(url, tmp_path).database == str(tmp_path / "engine.sqlite")
    assert parse_url("postgresql://h/d", tmp_path).drivername == "postgresql+psycopg"
    for wrong in ("mysql://user:secret@h/d", "nonsense"):
        with pytest.raises(ConfigurationError) as raised:
            parse_url(wrong, tmp_path)
        assert "secret" not in str(raised.value)
