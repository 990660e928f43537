"""Judgements that hang on the policy or on an answer that was put off."""

from __future__ import annotations

import pytest

from checks.tls import test_versions as versions
from fixtures.dialogue.conversation import Conversation
from fixtures.dialogue.smtp import SmtpFacts
from fixtures.errors import ProbeError
from fixtures.estate import Endpoint
from fixtures.evidence import Evidence, RequirementFailed
from fixtures.policy import PolicyView
from fixtures.tls.versions import parse

ALL = {
    "SSLv2": "refused",
    "SSLv3": "refused",
    "TLSv1": "accepted",
    "TLSv1.1": "refused",
    "TLSv1.2": "accepted",
    "TLSv1.3": "accepted",
}


def judge_old(protocol: str, level: str, outcomes: dict[str, str]) -> Evidence:
    evidence = Evidence()
    endpoint = Endpoint("mx", "192.0.2.1", 25, protocol, "starttls", "mx", 4)  # type: ignore[arg-type]
    told = parse({"versions": {name: {"outcome": outcome, "detail": "x"} for name, outcome in outcomes.items()}}, "mx")
    versions.test_old_versions_are_refused(endpoint, told, PolicyView({"tls": {"old_on_smtp": level}}), evidence)
    return evidence


def test_an_old_version_on_port_25_is_a_warning_where_the_policy_says_so() -> None:
    evidence = judge_old("smtp", "warn", ALL)
    assert (evidence.level, len(evidence.measurements)) == ("warn", 1)
    with pytest.raises(RequirementFailed, match="TLSv1"):
        judge_old("smtp", "fail", ALL)
    with pytest.raises(RequirementFailed):
        judge_old("imap", "warn", ALL)
    assert judge_old("imap", "warn", ALL | {"TLSv1": "refused"}).level == "pass"


def test_an_old_version_that_was_not_seen_is_not_refused() -> None:
    with pytest.raises(ProbeError, match="could not be measured"):
        judge_old("imap", "fail", ALL | {"TLSv1": "unmeasured"})


@pytest.mark.parametrize(
    ("label", "name"), [("vrfy-known", "vrfy_known"), ("vrfy-unknown", "vrfy_unknown"), ("expn", "expn")]
)
def test_a_server_that_hangs_up_has_not_answered(label: str, name: str) -> None:
    step = {"code": "421", "lines": ["4.7.0 too many errors"]}
    talk = Conversation({"connect": {"state": "open"}, "steps": [{"label": label, **step}], "tls": {}}, "mx:25")
    facts = SmtpFacts(talk, None)  # type: ignore[arg-type]
    with pytest.raises(ProbeError, match="put off: 421"):
        getattr(facts, name)
