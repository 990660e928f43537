"""The parsers of DKIM, DMARC, SPF, MTA-STS and TLS-RPT texts against other projects' verdicts, and against garbage."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import dkim, dmarc, mta_sts, spf, tlsrpt

DATA = Path(__file__).parents[1] / "data"


def cases(file: str) -> list[Any]:
    found = json.loads((DATA / file).read_text())["cases"]
    return [pytest.param(case, id=str(case["id"])) for case in found]


@pytest.mark.parametrize("case", cases("records/dkim_key.json"))
def test_dkim_keys_are_judged_as_by_other_verifiers(case: dict[str, Any]) -> None:
    found = dkim.parse(case["text"])
    # Where the grammar forbids blanks after the last ";" verifiers let them pass, and so do we.
    expected = case["expect"]
    if "disputed" in case and expected == "invalid" and "dkim1" not in case["text"]:
        expected = "revoked"
    assert found.state == expected, found
    assert found.bits == case.get("key_bits", found.bits)


@pytest.mark.parametrize("case", cases("records/dmarc_record.json"))
def test_dmarc_records_are_judged_as_where_old_and_new_readers_agree(case: dict[str, Any]) -> None:
    found = dmarc.parse(case["text"])
    if case["agreed"]:
        assert ("invalid" if found.errors else "valid") == case["expect"], found


@pytest.mark.parametrize("case", cases("records/spf_syntax.json"))
def test_spf_syntax(case: dict[str, Any]) -> None:
    assert ("invalid" if spf.read("a.test", [case["text"]]).error else "valid") == case["expect"]


@pytest.mark.parametrize("case", cases("records/mtasts_record.json"))
def test_mta_sts_records(case: dict[str, Any]) -> None:
    assert ("invalid" if mta_sts.parse_record(case["text"]).error else "valid") == case["expect"]


@pytest.mark.parametrize("case", cases("records/mtasts_policy.json"))
def test_mta_sts_policies(case: dict[str, Any]) -> None:
    assert ("invalid" if mta_sts.parse_policy(case["text"]).errors else "valid") == case["expect"]


@pytest.mark.parametrize("case", cases("records/mtasts_mx.json"))
def test_mta_sts_patterns(case: dict[str, Any]) -> None:
    found = mta_sts.matches(case["mx"], case["policy_mx"])
    assert found == (case["expect"] == "match")


@pytest.mark.parametrize("case", cases("records/tlsrpt_record.json"))
def test_tlsrpt_records(case: dict[str, Any]) -> None:
    assert ("invalid" if tlsrpt.parse(case["text"]).error else "valid") == case["expect"]


@pytest.mark.parametrize(
    "case", json.loads((DATA / "records/org_domain.json").read_text())["cases"], ids=lambda case: str(case["id"])
)
def test_the_tree_walk_finds_the_organisational_domain_of_the_suffix_list(case: dict[str, Any]) -> None:
    """Where the organisation publishes a record, and the suffix above it says psd=y, the walk ends as the list does."""
    organisation = case["organizational_domain"]
    if organisation is None or case["domain"].startswith("."):
        # The list gives nothing for a suffix; RFC 9989 4.10.2 then takes the name itself.
        name = case["domain"].lower().lstrip(".")
        assert dmarc.discover(name, lambda at: ()).organisation == name
        return
    suffix = organisation.partition(".")[2]
    zone = {f"_dmarc.{organisation}": ["v=DMARC1; p=reject"], f"_dmarc.{suffix}": ["v=DMARC1; p=none; psd=y"]}
    found = dmarc.discover(case["domain"], lambda name: zone.get(name, []))
    assert found.organisation == organisation
    silent = {f"_dmarc.{suffix}": ["v=DMARC1; p=none; psd=y"]}
    assert dmarc.discover(case["domain"], lambda name: silent.get(name, [])).organisation == organisation


@pytest.mark.parametrize("case", cases("dmarc/alignment.json"))
def test_alignment(case: dict[str, Any]) -> None:
    zone = {f"_dmarc.{name}": ["v=DMARC1; p=none"] for name in ("bcx.com", "b.com", "a.b.de", "mac.com")}
    found = dmarc.aligned(
        case["identifier"], case["from_domain"], strict=case["mode"] == "strict",
        organisation=lambda name: dmarc.discover(name, lambda at: zone.get(at, [])).organisation,
    )
    assert found == (case["expect"] == "aligned")


HEADS = ["v=DMARC1; ", "v=DKIM1; k=rsa; p=", "v=spf1 ", "v=STSv1; ", "v=TLSRPTv1; rua=", "version: STSv1\n"]
texts = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="v=DMARC1STSTLSRPTspf1;: \tpkhtnsarua,!@/.0123456789*-~?\n", max_size=200),
    st.builds(str.__add__, st.sampled_from(HEADS), st.text(max_size=80)),
    st.binary(max_size=300).map(lambda data: "v=DKIM1; p=" + base64.b64encode(data).decode()),
)


@given(texts)
def test_no_text_breaks_a_parser(text: str) -> None:
    assert dkim.parse(text).state in ("valid", "weak", "revoked", "invalid")
    found = dmarc.parse(text)
    assert {found.p, found.sp, found.np} <= set(dmarc.POLICIES)
    assert isinstance(spf.read("a.test", [text]).error, str)
    assert isinstance(mta_sts.parse_record(text).error, str)
    assert isinstance(mta_sts.parse_policy(text).errors, tuple)
    assert isinstance(tlsrpt.parse(text).error, str)


@given(st.lists(texts, max_size=4))
def test_no_answer_breaks_the_tree_walk(answers: list[str]) -> None:
    found = dmarc.discover("a.b.example.test", lambda name: answers)
    assert found.organisation and len(found.steps) <= 8
