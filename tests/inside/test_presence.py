"""Whether a host is there: dead, cut off, frozen and merely without services are four different things."""

from __future__ import annotations

import socket
import threading

import pytest

from fixtures.errors import ProbeError
from fixtures.inside.link import Link, Presence, knock

LINK = Link({"192.0.2.1": "eth0"}, frozenset({"eth0"}), {4: "by 192.0.2.254 on eth0"})
NO_ROUTE = Link({"192.0.2.1": "eth0"}, frozenset({"eth0"}), {})


@pytest.mark.parametrize(
    ("states", "link", "words"),
    [
        pytest.param(["speaks"], LINK, "answers", id="well"),
        pytest.param(["refused", "refused"], LINK, "answers", id="its services are dead, the host is not"),
        pytest.param(["open", "timeout"], None, "it is frozen", id="frozen"),
        pytest.param(["open"], LINK, "answers", id="a silent service"),
        pytest.param(["timeout", "unreachable"], LINK, "the network is cut", id="cut off"),
        pytest.param(["timeout"], None, "it is dead or cut off", id="dead"),
        pytest.param(["accepts"], LINK, "answers", id="a port at which nobody speaks first"),
        pytest.param(["accepts", "open"], None, "it is frozen", id="frozen, where one would have spoken"),
        pytest.param([], LINK, "answers", id="well, and no port is declared"),
    ],
)
def test_what_a_host_is_taken_for(states: list[str], link: Link | None, words: str) -> None:
    ports = {f"192.0.2.1:{25 + index}": state for index, state in enumerate(states)}
    assert words in Presence(ports, link, "gave no shell").verdict


@pytest.mark.parametrize("states", [[], ["accepts"], ["accepts", "timeout"]])
def test_whether_it_lives_cannot_always_be_told(states: list[str]) -> None:
    ports = {f"192.0.2.1:{993 + index}": state for index, state in enumerate(states)}
    with pytest.raises(ProbeError, match="Permission denied"):
        Presence(ports, None, "Permission denied (publickey)").verdict  # noqa: B018


def test_routes() -> None:
    assert Presence({}, LINK, "").routes == "IPv4 by 192.0.2.254 on eth0"
    assert Presence({}, NO_ROUTE, "").routes == "none"
    with pytest.raises(ProbeError, match="gave no shell"):
        Presence({"192.0.2.1:25": "speaks"}, None, "gave no shell").routes  # noqa: B018


def test_knocking() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"220 ready\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        assert knock("127.0.0.1", port, True, 2)["state"] == "speaks"
        thread.join()
        # The kernel takes the connection, nobody speaks: what a frozen host looks like.
        assert knock("127.0.0.1", port, True, 0.1)["state"] == "open"
        assert knock("127.0.0.1", port, False, 0.1)["state"] == "accepts"
    assert knock("127.0.0.1", port, True, 0.5)["state"] == "refused"
