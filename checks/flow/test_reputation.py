"""Reputation: receivers do not turn the estate's mail away because of a blocklist."""

from fixtures.requirement import requirement


@requirement("FLOW-054", severity="high", refs=["RFC 5782 2, 3, 5", "RFC 6471 3"], controls="AB", where={"sends": True})
def test_nobody_is_on_a_blocklist(reputation, policy, evidence):
    """No address that sends mail, and no domain, is on one of the named blocklists.

    Why: receivers that use the list refuse the mail at once, often without telling anybody but the sender's log.
    Fix: follow the reason that the list gives: find the host or account that sends the spam, stop it, then ask to be
    taken off. A list that is dead, or that refuses your resolver, is not measured: take it out, or ask it through a
    resolver of your own.
    """
    evidence.attach("lists", reputation.text())
    evidence.compare("listings", reputation.of("fail"), "==", ())
    evidence.band("listings of lesser weight", reputation.of("warn"), policy["flow.listed_warn"])
    evidence.band("listings worth knowing", reputation.all_asked().of("notice"), policy["flow.listed_notice"])
