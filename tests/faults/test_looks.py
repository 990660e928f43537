"""The second channel tells the states of a port apart, and speaks DNS itself."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from fixtures.faults import looks
from fixtures.faults.actions import Nft
from fixtures.faults.estate import FaultError, Stage

from .conftest import FakeLab


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def serve() -> None:
            connection, _ = server.accept()
            held.append(connection)
            answer(connection)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)
        for connection in held:
            connection.close()


def test_the_states_of_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open is what greets: a frozen daemon's kernel still accepts."""
    monkeypatch.setattr(looks, "PATIENCE_S", 0.3)
    with listening(lambda connection: connection.sendall(b"220 ")) as port:
        assert looks.port_state("127.0.0.1", port) == "open"
    with listening(lambda connection: None) as port:
        assert looks.port_state("127.0.0.1", port) == "silent"
    with listening(lambda connection: connection.close()) as port:
        assert looks.port_state("127.0.0.1", port) == "closed"
    assert looks.port_state("127.0.0.1", port) == "closed"


def test_rules_of_the_packet_filter(stage: Stage, lab: FakeLab) -> None:
    """They stand in a table of their own, which is removed as a whole, whether or not it was made."""
    action = Nft(nft="tcp dport 25 drop\ntcp dport 587 reject")
    action.do(stage, "mx1")
    action.undo(stage, "mx1")
    assert "hook input" in lab.done[0] and "        tcp dport 587 reject\n" in lab.done[0]
    assert lab.done[1].endswith("nft add table inet mailproof_fault && nft delete table inet mailproof_fault")


def test_an_address_that_nobody_knows(stage: Stage) -> None:
    """A condition on a container without an address is an error of the file, not a false."""
    assert stage.address("mx2") == stage.address("mx2.example.test") == "192.0.2.2"
    with pytest.raises(FaultError, match="no address"):
        stage.address("resolver")
