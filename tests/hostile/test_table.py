"""README.md names every bad server that the suite is tried against, so that their number is seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.engine.test_bad_servers import flood, garbage_certificate, hang
from tests.hostile import test_mail, test_names, test_web
from tests.outside import test_bad_servers

README = Path(__file__).with_name("README.md")
SECTIONS: Mapping[str, Iterable[str]] = {
    "Name servers (test_names.py)": test_names.CASES,
    "Web servers (test_web.py)": [*test_web.CASES, *test_web.CERTIFICATES, *test_web.BELOW],
    "IMAP, POP3 and ManageSieve servers (test_mail.py)": test_mail.CASES,
    "Servers of every mail protocol (../outside/test_bad_servers.py)": test_bad_servers.CASES,
    "Servers that the whole suite is run against (../engine/test_bad_servers.py)": [
        f"{server.__name__.replace('_', ' ')}" for server in (hang, flood, garbage_certificate)
    ],
}


def table() -> str:
    """The README as it must be."""
    number = sum(len(list(names)) for names in SECTIONS.values())
    lines = ["# Bad servers", ""]
    lines += [f"{number} servers that misbehave. Against each of them a look ends within its limits of time and memory, and"]
    lines += ["tells what was wrong, or that nothing was measured."]
    for title, names in SECTIONS.items():
        lines += ["", f"## {title}", "", *(f"{index}. {name}" for index, name in enumerate(names, start=1))]
    return "\n".join(lines) + "\n"


def test_every_bad_server_stands_in_the_table() -> None:
    """To renew it: python -m tests.hostile.test_table"""
    assert README.read_text() == table()


if __name__ == "__main__":
    README.write_text(table())
