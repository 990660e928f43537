"""The report as people use it: in a browser, on a phone, on paper, without script, with a keyboard."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from reports import files
from reports.html import page as report
from tests.reports import synthetic


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {"ordinary": synthetic.ordinary(), "healthy": synthetic.healthy(), "hostile": synthetic.hostile()}
    for name, run in made.items():
        files.write(folder / f"{name}.html", report.document(run))
    return {name: folder / f"{name}.html" for name in made}


def test_the_first_screen_has_the_verdict_and_the_root_causes(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"])
    assert page.title().startswith("FAIL")
    assert page.inner_text("h1") == "5 of 47 checks failed on 2 targets, 3 could not be measured."
    for cause in ("RES-003", "DNS-013"):
        box = page.locator(".mp-causes .mp-card", has_text=cause).bounding_box()
        assert box and box["y"] + box["height"] < 900, cause
    first = page.locator(".mp-causes .mp-card").first.inner_text()
    assert all(part in first for part in ("disk used", "100 %", "< 80 %", "Find what grew with du", "Explains 3 more"))


def test_the_matrix_counts_and_leads_to_the_results(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"])
    cells = page.locator(".mp-matrix tr", has_text="TLS").locator("td").all_inner_texts()
    assert cells == ["·", "1", "·", "·", "·", "15", "·"]
    page.click(".mp-matrix td.mp-warn a")
    page.wait_for_selector("#mp-results.mp-on")
    assert page.locator(".mp-row").count() == 1
    assert "TLS-004" in page.inner_text(".mp-row")
    page.go_back()
    page.wait_for_selector("#mp-overview.mp-on")


def test_a_healthy_run_tells_what_was_proved(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["healthy"])
    assert page.inner_text("h1") == "All 18 checks hold."
    assert page.locator(".mp-holds li >> visible=true").count() == 18
    assert page.locator(".mp-causes").count() == 0


def test_a_result_opens_with_the_very_command_and_its_answer(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"], "#results?q=RES-003&v=fail")
    page.click(".mp-row")
    page.wait_for_selector(".mp-detail .mp-answer")
    assert page.inner_text(".mp-detail .mp-ask") == "df -P /var/spool/postfix"
    assert "20511312         0     100%" in page.inner_text(".mp-detail .mp-answer")
    page.click("text=Clauses")
    clauses = page.inner_text(".mp-detail")
    assert "NIST SP 800-53 Rev. 5: AU-4, CP-2, SC-5" in clauses
    assert "ISO/IEC 27001:2022, Annex A: A.8.6 mapping, not verified" in clauses


def test_evidence_opens_on_the_overview(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"])
    page.locator(".mp-causes .mp-card").first.locator("summary", has_text="Evidence").click()
    page.wait_for_selector(".mp-causes .mp-answer")
    assert page.inner_text(".mp-causes .mp-ask") == "df -P /var/spool/postfix"


def test_filters_join_and_their_address_brings_them_back(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"], "#results")
    assert page.inner_text(".mp-found") == "48 of 48"
    page.fill("#mp-q", "mx1 993")
    assert page.inner_text(".mp-found") == "3 of 48"
    page.select_option("select[data-name=l]", "tls")
    assert page.inner_text(".mp-found") == "2 of 48"
    page.click("button.mp-toggle:has-text('pass')")
    address = page.evaluate("location.hash")
    again = open_page(written["ordinary"], address)
    assert again.inner_text(".mp-found") == "2 of 48"
    assert again.input_value("#mp-q") == "mx1 993"
    again.fill("#mp-q", "no such thing")
    assert "Nothing matches" in again.inner_text(".mp-list")


def test_the_keyboard_is_enough(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"])
    keys = page.keyboard
    keys.press("/")
    page.wait_for_selector("#mp-q:focus")
    keys.type("svc-001")
    keys.press("ArrowDown")
    page.wait_for_selector("#mp-row-0:focus")
    keys.press("ArrowDown")
    page.wait_for_selector("#mp-row-1:focus")
    keys.press("Home")
    keys.press("Enter")
    page.wait_for_selector(".mp-detail .mp-answer")
    assert page.get_attribute("#mp-row-0", "aria-expanded") == "true"
    keys.press("Escape")
    page.wait_for_selector("#mp-row-0[aria-expanded=false]:focus")


@pytest.mark.parametrize("view", ["overview", "results", "requirements", "run"])
@pytest.mark.parametrize("name", ["ordinary", "hostile"])
def test_nothing_runs_off_a_phone(written: dict[str, Path], open_page: Any, name: str, view: str) -> None:
    page = open_page(written[name], f"#{view}", width=390, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_requirements_by_clause_say_what_is_not_verified(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"], "#requirements?fw=nis2")
    told = page.inner_text("#mp-requirements")
    assert "mapping, not verified" in told and "Art. 21(2)(h)" in told and "TLS-001" in told
    page.select_option("#mp-requirements select", "nist80053")
    page.wait_for_selector("text=SC-8(1)")
    assert "mapping, not verified" not in page.inner_text(".mp-viewhead >> visible=true")
    page.select_option("#mp-requirements select", "")
    page.wait_for_selector("text=no physical host in the inventory >> visible=true")


def test_the_run_view_tells_who_when_and_how(written: dict[str, Path], open_page: Any) -> None:
    told = open_page(written["ordinary"], "#run").inner_text("#mp-run")
    for part in ("a.meier@audit", "CHG-2207, post", "--inventory=estate.yml", "5d" * 32, "a1" * 32, "6 round trips"):
        assert part in told


def test_without_script_verdict_counts_failures_and_fixes_are_there(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"], script=False)
    told = page.inner_text("body")
    for part in (
        "5 of 47 checks failed",
        "disk used",
        "100 %",
        "Find what grew with du",
        "permission denied",
        "disk ordered",
    ):
        assert part in told
    assert page.locator(".mp-matrix td.mp-fail").count() == 5
    assert not page.locator(".mp-nav").is_visible()


def test_paper_gets_every_view(written: dict[str, Path], open_page: Any) -> None:
    page = open_page(written["ordinary"])
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".mp-paper tbody tr").count() == 48
    for part in ("#mp-overview", "#mp-requirements table", "#mp-run", ".mp-paper"):
        assert page.locator(part).first.is_visible(), part
    assert not page.locator(".mp-nav").is_visible()
    assert page.locator("#mp-overview .mp-card .mp-why >> visible=true").count() == 7
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".mp-paper").count() == 0
    assert page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("view", ["overview", "results", "requirements", "run"])
@pytest.mark.parametrize("script", [True, False])
def test_a_hostile_answer_changes_nothing(written: dict[str, Path], open_page: Any, view: str, script: bool) -> None:
    page = open_page(written["hostile"], f"#{view}", script=script)
    assert "owned" not in page.title()
    if script and view == "results":
        page.click(".mp-row")
        page.wait_for_selector(".mp-detail .mp-answer")
    shown = page.inner_text("body")
    assert not {"\u202e", "\u2066", "\u200b", "\x1b", "\x00"} & set(shown)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 3
    assert written["hostile"].stat().st_size < 200_000


def test_the_page_may_run_no_other_script_and_ask_nobody(written: dict[str, Path], browser: Any) -> None:
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(written["ordinary"].as_uri())
    page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', "<img src='http://192.0.2.1/x'>");
        return fetch('http://192.0.2.1/').catch(() => 0);
    }""")
    assert "owned" not in page.title()
    assert sum("Content Security Policy" in text for text in refused) >= 3
    page.close()


def test_sixty_thousand_results(tmp_path: Path, open_page: Any, record_property: Any) -> None:
    """Draws what is seen and no more. Times are recorded, not judged: this machine is not yours."""
    path = tmp_path / "large.html"
    files.write(path, report.document(synthetic.large()))
    assert path.stat().st_size < 2_000_000
    begun = time.perf_counter()
    page = open_page(path, "#results")
    record_property("opens_s", round(time.perf_counter() - begun, 2))
    assert page.inner_text(".mp-found") == "60,000 of 60,000"
    ms = page.evaluate("""() => { const begun = performance.now();
        const box = document.getElementById('mp-q'); box.value = 'mx0777 dmarc'; box.dispatchEvent(new Event('input'));
        document.body.getBoundingClientRect(); return performance.now() - begun; }""")
    record_property("filter_ms", round(ms))
    assert page.inner_text(".mp-found") == "4 of 60,000"
    page.fill("#mp-q", "")
    assert page.evaluate("document.querySelectorAll('.mp-row').length") < 60
    page.locator(".mp-row").first.focus()
    page.keyboard.press("End")
    page.wait_for_selector("#mp-row-59999:focus")
    assert page.evaluate("document.querySelectorAll('.mp-row').length") < 60
