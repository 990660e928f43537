"""Text from remote machines, made harmless for a terminal, a page or a file: the one place where that is done.

A greeting, a log line or a DNS record is written by whoever runs the other end. Escape sequences could repaint the
terminal, bidirectional overrides could make "fail" read as something else, and a megabyte could bury the verdict.
What is invisible is shown as an escape, so that the reader sees that it was there.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata

ELLIPSIS = "…"
# C0 and C1 controls (tab and line feed are kept by `plain`), soft hyphen, Arabic letter mark, zero-width and
# directional characters, line and paragraph separators, invisible operators, isolates, byte order mark, interlinear
# marks, lone surrogates, variation tags: everything that changes how its neighbours look without being seen itself.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain(value: object, limit: int = 4000) -> str:
    r"""``value`` as text of at most ``limit`` characters that shows all and does nothing; lines are kept.

    >>> plain("220 \x1b[2Jhello\u202e\r\n250 ok")
    '220 \\x1b[2Jhello\\u202e\n250 ok'
    >>> plain("a" * 50, limit=10)
    'aaaaaaaaaa… [40 characters more]'
    """
    text = value if isinstance(value, str) else str(value)
    more = f"{ELLIPSIS} [{len(text) - limit} characters more]" if len(text) > limit else ""
    return _HIDDEN.sub(_escape, text[:limit].replace("\r\n", "\n")) + more


def line(value: object, limit: int = 400) -> str:
    r"""``value`` as one line: line breaks and tabs become spaces.

    >>> line("one\n\ttwo")
    'one two'
    """
    return " ".join(plain(value, limit).split())


def sentence(value: str) -> str:
    """``value`` beginning with a capital letter, unless it begins with a command.

    >>> sentence("run `dig`."), sentence("`dig` tells.")
    ('Run `dig`.', '`dig` tells.')
    """
    return value[:1].upper() + value[1:]


def width(text: str) -> int:
    """The number of terminal cells that ``text`` takes.

    >>> width("mail"), width("邮件"), width("e\u0301")
    (4, 4, 1)
    """
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def fit(value: object, cells: int, indent: str = "") -> str:
    """``indent`` and ``value`` as one line of at most ``cells`` terminal cells.

    >>> fit("a rather long line", 12, "  ")
    '  a rather …'
    """
    text = indent + line(value, max(4 * cells, 0))
    if width(text) <= cells:
        return text
    while text and width(text) > cells - 1:
        text = text[:-1]
    return text + ELLIPSIS


def wrap(value: object, cells: int, indent: str = "", *, lines: int = 12) -> list[str]:
    r"""``value`` as at most ``lines`` lines of ``cells`` cells, each beginning with ``indent``.

    >>> wrap("restart the service\nand look again", 14, "  ")
    ['  restart the', '  service', '  and look', '  again']
    """
    room = max(cells - width(indent), 8)
    found = [
        part
        for paragraph in plain(value, room * lines * 2).splitlines()
        for part in _cells(" ".join(paragraph.split()), room)
    ]
    kept = found[:lines]
    if len(found) > lines:
        kept[-1] = fit(kept[-1] + " " + ELLIPSIS, room)
    return [indent + part for part in kept]


def _cells(text: str, room: int) -> list[str]:
    if width(text) == len(text):
        return textwrap.wrap(text, room, break_on_hyphens=False) or ([""] if not text else [])
    parts, current = [], ""
    for char in text:
        if width(current + char) > room:
            parts.append(current)
            current = ""
        current += char
    return [*parts, current]
