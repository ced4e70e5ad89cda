"""Bubblewrap's options, word by word."""

from __future__ import annotations

from pathlib import Path

from inline_snapshot import snapshot

from bot.sandbox import host
from bot.sandbox.bwrap import Inside, System, options
from bot.sandbox.fence import Access, Fence, view_inside
from bot.sandbox.programs import Mount
from bot.sandbox.uplink import AllowList

FENCE = Fence(tree=Path("/data/tree"), git_dir=Path("/data/m.git"))
SYSTEM = System(mounts=(Path("/usr"),), links=(("usr/bin", Path("/bin")),))


def built(fence: Fence = FENCE, inside: Inside | None = None, **rest) -> str:
    given = {"env": {"A": "b c"}, "cwd": Path("/work"), **rest}
    words = options(
        fence,
        view_inside(fence, Path("/work")),
        SYSTEM,
        inside if inside is not None else Inside(mounts=()),
        **given,
    )
    return "\n".join(words).replace("\n--", "\0--").replace("\n", " ").replace("\0", "\n")


def test_a_reviewer():
    inside = Inside(
        mounts=(Mount(source=Path("/opt/real"), target=Path("/opt/tool")),),
        links=(("../x", Path("/home/me/bin/x")),),
        files={Path("/etc/passwd"): 7},
    )
    assert built(inside=inside) == snapshot("""\
--unshare-all
--unshare-user
--disable-userns
--die-with-parent
--clearenv
--cap-drop ALL
--hostname sandbox
--ro-bind /usr /usr
--symlink usr/bin /bin
--proc /proc
--ro-bind /proc/sys /proc/sys
--dev /dev
--perms 1777
--size 67108864
--tmpfs /dev/shm
--perms 1777
--size 268435456
--tmpfs /tmp
--perms 0700
--size 268435456
--tmpfs /home/agent
--ro-bind /data/tree /work
--ro-bind /data/m.git /repo.git
--ro-bind /opt/real /opt/tool
--symlink ../x /home/me/bin/x
--perms 0444
--file 7 /etc/passwd
--remount-ro /dev
--remount-ro /
--chdir /work
--setenv A b c\
""")


def test_a_link_that_the_system_shows_anyway_is_not_made_again():
    alternative = Path("/usr/alternatives/mvn")
    inside = Inside(mounts=(), links=(("/usr/share/maven/bin/mvn", alternative),))
    assert str(alternative) not in built(inside=inside)


def test_a_developer_writes_the_tree_and_nothing_else():
    lines = built(Fence(tree=FENCE.tree, git_dir=FENCE.git_dir, access=Access.WRITE)).split("\n")
    assert [line for line in lines if line.startswith("--bind")] == ["--bind /data/tree /work"]


def test_the_network_is_never_shared():
    assert "share-net" not in built(
        Fence(tree=FENCE.tree, uplink=AllowList(hosts=frozenset()))
    ).replace("unshare", "")


def test_an_old_bubblewrap_is_not_asked_for_what_it_cannot_do():
    assert "--disable-userns" not in built(disable_userns=False)


def test_the_system_shows_no_names_of_this_machine():
    shown = {str(path) for path in host.system().mounts}
    assert "/usr" in shown
    assert not shown & {"/etc", "/etc/passwd", "/etc/hosts", "/etc/ssl", "/root", "/home", "/var"}


def test_the_user_inside_has_a_name():
    made = host.made(1234, 99)
    assert made[Path("/etc/passwd")] == b"agent:x:1234:99::/home/agent:/bin/sh\n"
    assert made[Path("/etc/group")] == b"agent:x:99:\n"
