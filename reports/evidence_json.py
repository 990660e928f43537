"""evidence.json: the whole run, the source of every other report. Its shape: evidence.schema.json beside this file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reports import files

if TYPE_CHECKING:
    from reports.model import Run

NAME = "evidence.json"
SCHEMA = Path(__file__).with_name("evidence.schema.json")
# One line for each item of these: a bundle of 60,000 results stays greppable, and two of them stay comparable.
_BY_LINE = ("targets", "results", "exchanges", "not_applicable", "waivers")


def render(data: dict[str, Any]) -> str:
    """A run's ``as_dict()`` as JSON text: ASCII only, so no byte of a remote answer reaches a terminal unescaped."""
    return "{\n" + ",\n".join(_members(data)) + "\n}\n"


def _members(data: dict[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        if key in _BY_LINE and isinstance(value, list) and value:
            text = "[\n" + ",\n".join(_dump(item) for item in value) + "\n]"
        elif key in _BY_LINE and isinstance(value, dict) and value:
            text = "{\n" + ",\n".join(f"{_dump(name)}: {_dump(item)}" for name, item in value.items()) + "\n}"
        else:
            text = _dump(value)
        yield f"{_dump(key)}: {text}"


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:  # RFC 8259 section 6 knows neither NaN nor infinity
        return json.dumps(_finite(value), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


@pytest.hookimpl(tryfirst=True)
def pytest_mailproof_run(config: pytest.Config, run: Run, directory: Path) -> None:
    files.write(directory / NAME, render(run.as_dict()))
