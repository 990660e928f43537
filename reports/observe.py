"""Watches a run: gathers ahead, gives each check its verdict, and hands the finished run to the reports."""

from __future__ import annotations

import getpass
import json
import platform
import secrets
import shutil
import socket
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fixtures.errors import InputError, NotApplicable, ProbeError
from fixtures.estate import HostEntry
from fixtures.evidence import EVIDENCE, Evidence
from fixtures.exchange import Exchange, collecting, tape_of, unpack
from fixtures.host import engine_of
from fixtures.options import SUITE
from fixtures.policy import Waiver, load_waivers, policy_of
from fixtures.redact import redact, redact_all
from fixtures.requirement import Requirement, catalogue, requirement_of, selection_of
from fixtures.subjects import estate_of, subject_of
from reports.diagnosis import diagnose
from reports.files import BundleError, read_evidence
from reports.model import DIRECTORY, RUN, VERSION, Result, Run, summarise

#: Bound of one answer in evidence.json; the snapshot beside it has all of it.
EXCERPT = 6000
WORDS = {
    "pass": ("passed", ".", "PASS"),
    "notice": ("passed", "n", ("NOTICE", {"cyan": True})),
    "warn": ("passed", "W", ("WARN", {"yellow": True})),
    "fail": ("failed", "F", "FAIL"),
    "not_measured": ("error", "E", "NOT MEASURED"),
    "not_applicable": ("skipped", "-", "N/A"),
    "waived": ("xfailed", "w", "WAIVED"),
}


class Observer:
    """The state of one judging run."""

    def __init__(self, config: pytest.Config, directory: Path) -> None:
        self.config, self.directory = config, directory
        self.tape = tape_of(config)
        self.waivers: list[Waiver] = []
        self.used: set[int] = set()
        self.results: list[Result] = []
        self.exchanges: dict[str, Exchange] = {}
        self.started = datetime.now(UTC)
        self.baseline = read_baseline(config.option.baseline) if config.option.baseline else None
        if config.option.waivers:
            self.waivers = load_waivers(Path(config.option.waivers), catalogue(), self.tape.started)

    # --- before ---------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        option = session.config.option
        if option.collectonly or not session.items or session.testsfailed:
            return
        # The summary tells every failure once, by root cause; pytest's own lists would tell it twice more.
        if selection_of(session.config).checks == len(session.items):
            option.tbstyle = "no" if option.tbstyle == "auto" else option.tbstyle
            option.reportchars = "" if option.reportchars == "fE" else option.reportchars
            reporter = self.config.pluginmanager.get_plugin("terminalreporter")
            # Checks go host by host: the name of the file would change with nearly every one.
            if reporter and self.config.get_verbosity() == 0:
                reporter.showfspath = False
        work = [thunk for thunk in session.config.hook.pytest_mailproof_gather(session=session) if thunk]
        if not work:
            return
        with ThreadPoolExecutor(len(work), thread_name_prefix="gather") as pool:
            futures = [pool.submit(thunk) for thunk in work]
        # What could not be gathered ahead is asked for again by the check that needs it: no verdict hangs on this.
        for error in filter(None, (future.exception() for future in futures)):
            self._say(f"gathering ahead failed: {type(error).__name__}: {error}")

    def _say(self, text: str) -> None:
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            reporter.write_line(text)

    # --- each check -----------------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if requirement_of(item) is None:
            return (yield)
        item.stash[_STARTED] = datetime.now(UTC)
        with collecting() as exchanges:
            item.stash[_EXCHANGES] = exchanges
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        report: pytest.TestReport = yield
        need = requirement_of(item)
        if need is None or call.when == "teardown" or (call.when == "setup" and call.excinfo is None):
            return report
        evidence = item.stash.setdefault(EVIDENCE, Evidence())
        verdict, message, broken = judge(call, evidence)
        result = self._result(item, need, verdict, message, evidence, call)
        if verdict == "fail":
            self._waive(result)
        self.results.append(result)
        item.user_properties += [("id", need.id), ("verdict", result.verdict), ("severity", result.severity)]
        return _shape(report, result, broken)

    def _result(
        self,
        item: pytest.Item,
        need: Requirement,
        verdict: str,
        message: str,
        evidence: Evidence,
        call: pytest.CallInfo[None],
    ) -> Result:
        subject = subject_of(item)
        exchanges = item.stash[_EXCHANGES]
        self.exchanges.update({exchange.id: exchange for exchange in exchanges.values()})
        learned = engine_of(self.config).learned
        if isinstance(subject, HostEntry):
            learned.saw(need.id, subject.name, [])  # a check that needs no command here is known as well
        for exchange in exchanges.values():
            if exchange.kind == "shell":
                learned.saw(need.id, exchange.where, [exchange.request])
        started = item.stash[_STARTED]
        return Result(
            id=need.id,
            title=need.title,
            severity=policy_of(self.config).severity.get(need.id, need.severity),
            layer=need.layer,
            target=subject.target if subject else "records",
            subject=str(subject) if subject else "records",
            verdict=verdict,
            message=redact(message),
            measurements=redact_all(evidence.as_dicts()),
            exchanges=list(dict.fromkeys(exchange.id for exchange in exchanges.values())),
            attachments=redact_all(evidence.attachments),
            refs=list(need.refs),
            controls=list(need.controls),
            why=need.why,
            fix=need.fix,
            explained_by=list(need.explained_by),
            started=started.isoformat(timespec="milliseconds"),
            seconds=round(time.time() - started.timestamp(), 4),
            nodeid=item.nodeid,
        )

    def _waive(self, result: Result) -> None:
        covering = [
            (index, item)
            for index, item in enumerate(self.waivers)
            if item.covers(result.id, result.target, result.subject)
        ]
        alive = [(index, item) for index, item in covering if item.until > self.tape.started]
        self.used.update(index for index, _ in alive or covering)
        if alive:
            waiver = alive[0][1]
            result.verdict = "waived"
            result.message += f"\nWaived until {waiver.until:%Y-%m-%d} by {waiver.approver}: {waiver.reason}"
        elif covering:
            waiver = covering[0][1]
            result.message += f"\nThe waiver of {waiver.approver} expired on {waiver.until:%Y-%m-%d}: {waiver.reason}"

    def pytest_report_teststatus(self, report: pytest.TestReport) -> Any:
        verdict = getattr(report, "mailproof_verdict", None)
        return WORDS[verdict] if verdict else None

    # --- after ----------------------------------------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if session.config.option.collectonly or not selection_of(session.config).requirements or exitstatus in (3, 4):
            return
        engine_of(self.config).remember()
        session.exitstatus = self._exit_code(exitstatus)
        run = self.complete(int(session.exitstatus))
        self.config.stash[RUN] = run
        self.directory.mkdir(parents=True, exist_ok=True)
        self.tape.save(self.directory / "snapshot.jsonl.gz", redact)
        self.config.hook.pytest_mailproof_run(config=self.config, run=run, directory=self.directory)
        if self.directory.parent == OUTPUT:
            _point_latest_at(self.directory)

    def _exit_code(self, status: int) -> int:
        if status not in (0, 1, 5):
            return int(status)
        verdicts = {result.verdict for result in self.results}
        if not verdicts - {"not_applicable"}:
            return 5
        if self.baseline is not None:
            return 1 if any(regressed(result, self.baseline) for result in self.results) else 0
        grave = {"fail", "not_measured"} | ({"warn"} if self.config.option.fail_on == "warn" else set())
        return 1 if verdicts & grave else int(status)

    def complete(self, exit_code: int) -> Run:
        """The run as reports see it."""
        config, option = self.config, self.config.option
        estate, selection = estate_of(config), selection_of(config)
        missing = [
            {"id": id, "title": selection.requirements[id].title, "reason": reason}
            for id, reason in sorted(selection.not_applicable.items())
        ]
        finished = datetime.now(UTC)
        return Run(
            run={
                "id": self.directory.name,
                "started": self.tape.started.isoformat(timespec="seconds"),
                "finished": (self.tape.started + (finished - self.started)).isoformat(timespec="seconds"),
                "seconds": round((finished - self.started).total_seconds(), 3),
                "suite_version": VERSION,
                "argv": [redact(str(item)) for item in config.invocation_params.args],
                "phase": option.phase,
                "change": option.change,
                "operator": _operator(),
                "policy_sha256": policy_of(config).sha256,
                "inventory_sha256": estate.sha256,
                "platform": _platform(),
                "engine": engine_of(config).as_json(),
                "stage": option.stage,
                "shard": option.shard,
                "fail_on": option.fail_on,
                "exit_code": exit_code,
                "lab": bool(option.lab),
                "replay": option.replay,
                "targets_wanted": list(option.target),
                "severity_overrides": dict(policy_of(config).severity),
            },
            targets=[
                {
                    "name": host.name,
                    "kind": "host",
                    "groups": list(host.groups),
                    "roles": sorted(host.roles),
                    "addresses": list(host.addresses),
                }
                for host in estate.hosts.values()
            ]
            + [
                {"name": domain.name, "kind": "domain", "groups": [], "roles": [], "addresses": []}
                for domain in estate.domains.values()
            ],
            results=self.results,
            exchanges={id: _exchange_as_json(item) for id, item in sorted(self.exchanges.items())},
            not_applicable=missing,
            waivers=[self._waiver_as_json(index, item) for index, item in enumerate(self.waivers)],
            diagnosis=diagnose(self.results, estate.related),
            summary=summarise(self.results, len(missing), strict=option.strict_measure),
        )

    def _waiver_as_json(self, index: int, waiver: Waiver) -> dict[str, Any]:
        status = "expired" if waiver.until <= self.tape.started else "used" if index in self.used else "unused"
        return {
            "id": waiver.requirement,
            "target": waiver.target,
            "reason": redact(waiver.reason),
            "approver": waiver.approver,
            "until": waiver.until.isoformat(),
            "status": status,
        }


_STARTED = pytest.StashKey[datetime]()
_EXCHANGES = pytest.StashKey[dict[Any, Exchange]]()
OUTPUT = SUITE / "reports" / "output"


def read_baseline(path: str) -> dict[tuple[str, str, str], str]:
    """The verdicts of an earlier bundle by (id, target, subject); InputError where it cannot be read."""
    try:
        results = read_evidence(Path(path))["results"]
        return {(item["id"], item["target"], item["subject"]): item["verdict"] for item in results}
    except (BundleError, KeyError, TypeError) as error:
        raise InputError(f"--baseline: {error}") from error


def regressed(result: Result, baseline: dict[tuple[str, str, str], str]) -> bool:
    """Whether ``result`` is worse than it was: it fails and did not, or cannot be seen any more.

    What the baseline does not know is new, and counts when it is bad.
    """
    before = baseline.get(result.key, "pass")
    if result.verdict == "fail":
        return before != "fail"
    return result.verdict == "not_measured" and before not in ("fail", "not_measured")


def judge(call: pytest.CallInfo[None], evidence: Evidence) -> tuple[str, str, bool]:
    """Verdict, message, and whether the check itself is broken, from how it ended and what it recorded."""
    error = call.excinfo.value if call.excinfo else None
    match error:
        case None if evidence.level == "fail":
            return "fail", evidence.message, False
        case None if not evidence.measurements:
            return "not_measured", "the check ended without measuring anything", False
        case None:
            return evidence.level, evidence.message, False
        case ProbeError():
            return "not_measured", str(error), False
        case NotApplicable():
            return "not_applicable", str(error), False
        case AssertionError() if call.when == "call":
            return "fail", evidence.message or str(error), False
        case pytest.skip.Exception():
            return "not_measured", f"the check left itself out: {error}", False
        case pytest.fail.Exception():
            return "not_measured", f"the check was stopped: {str(error).strip().splitlines()[0]}", False
        case _:
            return "not_measured", f"the check itself broke: {type(error).__name__}: {error}", True


def _shape(report: pytest.TestReport, result: Result, broken: bool) -> pytest.TestReport:
    """Make pytest's report say what the verdict is: a failure, an error, a skip, an expected failure or a pass."""
    report.mailproof_verdict = result.verdict  # type: ignore[attr-defined]
    text = f"{result.id} {result.title}\n{result.subject}: {result.message}\nFix: {result.fix}"
    match result.verdict:
        case "fail":
            report.outcome, report.longrepr = "failed", text
        case "not_measured":
            report.outcome = "failed"
            # pytest calls a failure outside the call phase an error, and so do JUnit and the HTML report.
            report.when = "setup"
            report.longrepr = report.longrepr if broken else text
        case "waived":
            report.outcome, report.longrepr = "skipped", text
            report.wasxfail = result.message.splitlines()[-1]
        case "not_applicable":
            report.outcome, report.longrepr = "skipped", (result.nodeid, 0, f"Skipped: {result.message}")
        case _:
            report.outcome, report.longrepr = "passed", None
    return report


def _exchange_as_json(exchange: Exchange) -> dict[str, Any]:
    whole = redact(as_text(exchange))
    return {
        "kind": exchange.kind,
        "where": exchange.where,
        "request": redact(exchange.request),
        "answer": whole[:EXCERPT],
        "size": len(whole),
        "truncated": len(whole) > EXCERPT,
        "sha256": sha256(whole.encode("utf-8", "backslashreplace")).hexdigest(),
        "started": datetime.fromtimestamp(exchange.started, UTC).isoformat(timespec="milliseconds"),
        "seconds": exchange.seconds,
    }


def as_text(exchange: Exchange) -> str:
    """An answer as people read it."""
    answer = exchange.answer
    if "error" in answer:
        return f"[no answer] {answer['error']}"
    if exchange.kind != "shell":
        return json.dumps(answer, indent=1, ensure_ascii=False)
    out, err = (unpack(answer[name]).decode("utf-8", "backslashreplace") for name in ("stdout", "stderr"))
    parts = [
        out,
        f"[stderr] {err}" if err else "",
        f"[exit {answer['rc']}]" if answer["rc"] else "",
        f"[cut at {answer['truncated']} bytes]" if "truncated" in answer else "",
    ]
    return "\n".join(part.rstrip("\n") for part in parts if part)


def _operator() -> str:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "unknown"
    return f"{name}@{socket.gethostname()}"


def _platform() -> dict[str, str]:
    return {"python": platform.python_version(), "system": platform.platform(), "pytest": pytest.__version__}


def _point_latest_at(directory: Path) -> None:
    link = directory.parent / "latest"
    fresh = directory.parent / f".latest-{directory.name}"
    with suppress(OSError):
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(directory.name)
        fresh.replace(link)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not judging(config) or config.option.jobs > 1:
        return
    # Wrong input is told before anything is made.
    policy_of(config)
    estate_of(config)
    directory = bundle_directory(config)
    config.pluginmanager.register(Observer(config, directory), "mailproof-observer")


def judging(config: pytest.Config) -> bool:
    """Whether this run judges an estate, a domain or records, and leaves a bundle."""
    option = config.option
    return bool(option.inventory or option.domain or option.records) and not option.collectonly and not option.catalogue


def bundle_directory(config: pytest.Config) -> Path:
    """Where the bundle of this run goes: --evidence, or a directory of its own under reports/output/."""
    if DIRECTORY not in config.stash:
        run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        chosen = config.option.evidence
        config.stash[DIRECTORY] = Path(chosen).resolve() if chosen else OUTPUT / run_id
    return config.stash[DIRECTORY]
