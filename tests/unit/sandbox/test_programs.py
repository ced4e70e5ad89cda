"""A program is followed to everything it needs, and to nothing more."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox import programs
from bot.sandbox.programs import Mount, NoProgram, Program, resolve, tidy


def executable(path: Path, content: str = "\x7fELF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


def shown(program: Program) -> set[Path]:
    return {mount.target for mount in program.mounts}


@pytest.fixture
def pyenv(tmp_path: Path) -> Path:
    """An installation of Python, with something private beside it."""
    prefix = tmp_path / ".pyenv" / "versions" / "3.11"
    executable(prefix / "bin" / "python3.11")
    (prefix / "bin" / "python3").symlink_to("python3.11")
    (prefix / "lib").mkdir()
    (prefix / "private").write_text("")
    return prefix


@pytest.fixture
def venv(tmp_path: Path, pyenv: Path) -> Path:
    """A virtual environment in an application's own directory."""
    prefix = tmp_path / "app" / ".venv"
    (prefix / "lib").mkdir(parents=True)
    (prefix / "bin").mkdir()
    (prefix / "bin" / "python").symlink_to(pyenv / "bin" / "python3")
    (prefix / "pyvenv.cfg").write_text(f"home = {pyenv / 'bin'}\nversion = 3.11\n")
    executable(prefix / "bin" / "bandit", f"#!{prefix / 'bin' / 'python'}\nimport bandit\n")
    (prefix.parent / ".env").write_text("SECRET=1")
    return prefix


def test_a_program_of_the_system_needs_nothing():
    found = resolve("/bin/sh")
    assert (found.path, found.mounts, found.links) == (Path("/bin/sh"), (), ())
    assert found.files == (Path("/bin/sh").resolve(),)


def test_a_bare_name_is_looked_up(tmp_path):
    tool = executable(tmp_path / "tools" / "mine")
    assert resolve("mine", f"relative:/nowhere:{tool.parent}").path == tool


def test_the_script_of_a_virtual_environment_brings_its_interpreter(venv, pyenv):
    found = resolve(str(venv / "bin" / "bandit"))
    assert shown(found) == {
        *(venv / name for name in ("pyvenv.cfg", "bin", "lib")),
        *(pyenv / name for name in ("bin", "lib")),
    }
    assert found.files == (venv / "bin" / "bandit", pyenv / "bin" / "python3.11")
    assert found.links == ()


def test_a_copied_interpreter_brings_the_home_of_its_environment(venv, pyenv):
    (venv / "bin" / "python").unlink()
    executable(venv / "bin" / "python")
    found = resolve(str(venv / "bin" / "python"))
    assert pyenv / "lib" in shown(found)
    assert found.files == (venv / "bin" / "python",)


def test_a_compiled_program_of_an_environment_is_enough(venv):
    zizmor = executable(venv / "bin" / "zizmor")
    assert resolve(str(zizmor)).files == (zizmor,)


def test_env_finds_the_interpreter(tmp_path):
    node = executable(tmp_path / "node" / "bin" / "node")
    (tmp_path / "node" / "lib").mkdir()
    script = executable(tmp_path / "mine", "#!/usr/bin/env -S A=b node --flag\n")
    found = resolve(str(script), str(node.parent))
    assert found.files == (script, Path("/usr/bin/env").resolve(), node)
    assert shown(found) == {script, tmp_path / "node" / "bin", tmp_path / "node" / "lib"}


def test_what_pip_writes_for_a_long_path_is_understood(venv, pyenv):
    python = venv / "bin" / "python"
    script = executable(
        venv / "bin" / "long", f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\nimport x\n"
    )
    assert pyenv / "bin" / "python3.11" in resolve(str(script)).files


def test_a_link_in_a_home_directory_is_made_and_the_home_stays_hidden(tmp_path):
    home = tmp_path / "home"
    tool = executable(home / ".local" / "share" / "tool" / "versions" / "1.0")
    link = home / ".local" / "bin" / "tool"
    link.parent.mkdir()
    link.symlink_to("../share/tool/versions/1.0")
    (home / ".local" / "lib").mkdir()
    found = resolve(str(link))
    assert found.path == link
    assert found.links == (("../share/tool/versions/1.0", link),)
    assert shown(found) == {tool}


def test_a_link_in_a_directory_that_is_a_link_itself_leads_to_what_is_shown(tmp_path):
    tool = executable(tmp_path / "disk" / "tools" / "1.0" / "tool")
    (tmp_path / "disk" / "bin").mkdir()
    (tmp_path / "disk" / "bin" / "tool").symlink_to("../tools/1.0/tool")
    (tmp_path / "shortcut").symlink_to("disk")
    link = tmp_path / "shortcut" / "bin" / "tool"
    found = resolve(str(link))
    assert found.links == ((str(tool), link),)
    assert shown(found) == {tool}


def test_a_home_directory_is_no_installation(tmp_path, monkeypatch):
    home = tmp_path / "home"
    tool = executable(home / "bin" / "tool")
    (home / "lib").mkdir()
    assert shown(resolve(str(tool))) == {home / "bin", home / "lib"}
    entry = type("Entry", (), {"pw_dir": str(home)})
    monkeypatch.setattr(pwd, "getpwall", lambda: [entry])
    assert shown(resolve(str(tool))) == {tool}


def test_a_node_package_is_shown_with_its_dependencies(tmp_path):
    modules = tmp_path / "project" / "node_modules"
    executable(modules / "cli" / "bin" / "cli.js")
    (modules / "dependency").mkdir()
    link = modules / ".bin" / "cli"
    link.parent.mkdir()
    link.symlink_to("../cli/bin/cli.js")
    found = resolve(str(link))
    assert shown(found) == {modules}
    assert found.links == ()


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("/opt/tool/tool", "/opt/tool"),
        ("/opt/tool/deep/bin/tool", "/opt/tool"),
        ("/nix/store/abc-tool/bin/tool", "/nix/store"),
        ("/snap/tool/1/tool", "/snap"),
        ("/a/node_modules/b/node_modules/c/d.js", "/a/node_modules"),
        ("/opt/tool", None),
        ("/srv/tool/tool", None),
        ("/a/node_modules", None),
    ],
)
def test_some_directories_are_one_program_as_a_whole(path, whole):
    assert programs._whole(Path(path)) == (Path(whole) if whole else None)


def test_the_neighbours_of_a_script_are_not_shown(tmp_path):
    script = executable(tmp_path / "agents" / "mine", "#!/bin/sh\n")
    (tmp_path / "agents" / "key").write_text("secret")
    assert shown(resolve(str(script))) == {script}


def test_a_linked_directory_is_shown_under_both_names(tmp_path):
    script = executable(tmp_path / "release-2" / "mine", "#!/bin/sh\n")
    (tmp_path / "current").symlink_to("release-2")
    name = tmp_path / "current" / "mine"
    assert set(resolve(str(name)).mounts) == {
        Mount(source=script, target=name),
        Mount(source=script, target=script),
    }


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/nowhere/x", "there is no program /nowhere/x"),
        ("no-such-program", "there is no program no-such-program"),
        ("./x", "is not an absolute path"),
        ("a/../../x", "is not an absolute path"),
        ("/usr", "there is no program /usr"),
    ],
)
def test_what_is_not_there_is_told(name, why):
    with pytest.raises(NoProgram, match=why):
        resolve(name)


def test_a_missing_interpreter_is_told_with_the_script(tmp_path):
    script = executable(tmp_path / "mine", "#!/nowhere/python\n")
    with pytest.raises(NoProgram, match=r"mine wants /nowhere/python: there is no program"):
        resolve(str(script))


def test_scripts_that_interpret_each_other_end(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    executable(one, f"#!{two}\n")
    executable(two, f"#!{one}\n")
    assert resolve(str(one)).files == (one, two)


def test_links_that_never_end_are_told(tmp_path):
    (tmp_path / "0").write_text("")
    for number in range(20):
        (tmp_path / str(number + 1)).symlink_to(str(number))
    with pytest.raises(NoProgram, match="too many links"):
        resolve(str(tmp_path / "20"))


@pytest.mark.parametrize("content", ["", "#!", "#!  \n", "text", "\0\0", "#! /bin/sh -x\n"])
def test_any_content_is_followed_or_left(tmp_path, content):
    assert resolve(str(executable(tmp_path / "x", content))).files[0] == tmp_path / "x"


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda p: Path("/x", *p))


@given(st.lists(st.builds(Mount, source=PATHS, target=PATHS), max_size=8))
def test_tidied_mounts_show_what_all_did_with_parents_first(mounts):
    kept = tidy(mounts)
    for mount in mounts:
        assert any(
            mount.target.is_relative_to(k.target)
            and k.source / mount.target.relative_to(k.target) == mount.source
            for k in kept
        )
    depths = [len(mount.target.parts) for mount in kept]
    assert depths == sorted(depths)
