"""Making hostile text visible, for logs, terminals and pages alike."""

from __future__ import annotations

import unicodedata

# Bidirectional controls and invisible characters that change what people see.
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2028\u2029")


def visible(text: str) -> str:
    """Control, invisible and undecodable characters as escapes; nothing else is changed."""
    return "".join(c if _plain(c) else _escaped(c) for c in text)


def _plain(character: str) -> bool:
    return (
        unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        and character not in _INVISIBLE
    )


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # an undecodable byte that surrogateescape kept
        return f"\\x{code - 0xDC00:02x}"
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
