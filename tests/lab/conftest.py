"""The running lab for tests that need it, and helpers to send and read mail as its users do."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
import time
import uuid
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import formatdate

import pytest

from fixtures.lab.lab import Lab
from fixtures.lab.paths import STATE

OUTSIDE = ("10.77.0.22", 2525)
PRIMARY = "10.77.0.11"


@pytest.fixture
def breakable(lab: Lab) -> Iterator[Lab]:
    """The lab for a test that breaks something: whole again afterwards."""
    yield lab
    lab.dns.restore()
    for host in lab.hosts:
        lab.wait_ready(host.name)


class Mail:
    """Sends a message with a token as subject, and looks for it."""

    def __init__(self) -> None:
        self.tls = ssl.create_default_context(cafile=str(STATE / "ca.pem"))

    def compose(self, sender: str, to: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, to, uuid.uuid4().hex
        message["Date"], message["Message-ID"] = formatdate(), f"<{uuid.uuid4().hex}@{sender.partition('@')[2]}>"
        message.set_content("A test of the lab.\n")
        return message

    def from_outside(self, sender: str, to: str, forged: str = "") -> str:
        """Hand a message to the outside mail server; its token."""
        message = self.compose(sender, to)
        if forged:
            message["Authentication-Results"] = forged
        with smtplib.SMTP(*OUTSIDE, timeout=20, local_hostname="gateway.example.test") as client:
            client.send_message(message, sender, [to])
        return str(message["Subject"])

    def submit(self, user: str, to: str) -> str:
        """Log in on port 587 and send; the token."""
        message = self.compose(user, to)
        with smtplib.SMTP(PRIMARY, 587, timeout=20, local_hostname="client.example.test") as client:
            client._host = "mx1.example.test"  # type: ignore[attr-defined]  # the name to verify: it is not in this machine's DNS
            client.starttls(context=self.tls)
            client.login(user, password(user))
            client.send_message(message, user, [to])
        return str(message["Subject"])

    def received(self, user: str, token: str, patience_s: float = 30) -> list[bytes]:
        """The headers of every message with this token in a mailbox, once there is one."""
        context = ssl.create_default_context(cafile=str(STATE / "ca.pem"))
        context.check_hostname = False
        with imaplib.IMAP4_SSL(PRIMARY, 993, ssl_context=context, timeout=20) as client:
            client.login(user, password(user))
            deadline = time.monotonic() + patience_s
            while time.monotonic() < deadline:
                client.select("INBOX", readonly=True)
                numbers = client.search(None, "SUBJECT", token)[1][0].split()
                if numbers:
                    return [client.fetch(number, "(BODY.PEEK[HEADER])")[1][0][1] for number in numbers]  # type: ignore[index,misc]
                time.sleep(0.2)
        return []


def password(user: str) -> str:
    return (STATE / f"{user.partition('@')[0]}.password").read_text().strip()


@pytest.fixture
def mail(lab: Lab) -> Mail:
    return Mail()
