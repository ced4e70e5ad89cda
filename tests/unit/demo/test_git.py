"""The stream that makes commits."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.demo.git import commit_stream


def test_paths_are_quoted_and_contents_counted() -> None:
    stream = commit_stream(
        "topic/a",
        {
            'odd "name"\n.py': "tschüß\n",
            "gone": None,
            "link": ("120000", b"target"),
            "sub": ("160000", b"1" * 40),
        },
        message="M",
        author="mira",
        when=datetime(2026, 1, 1, tzinfo=UTC),
        parent="2" * 40,
    )
    assert stream.startswith(b"commit refs/heads/topic/a\nauthor mira <mira@users.noreply.")
    assert b"from " + b"2" * 40 + b"\n" in stream
    assert 'M 100644 inline "odd \\"name\\"\\n.py"\ndata 9\ntschüß\n\n'.encode() in stream
    assert b'D "gone"\n' in stream
    assert b'M 120000 inline "link"\ndata 6\ntarget\n' in stream
    assert stream.endswith(b"M 160000 " + b"1" * 40 + b' "sub"\n')
