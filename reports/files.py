"""Files of a bundle: written whole or not at all, read with a bound."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

MAX_BUNDLE = 1024 * 1024 * 1024


class BundleError(Exception):
    """A bundle cannot be read, or bundles do not belong together. The message says which and why."""


def write(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 beside ``path`` and move it into place, so that nobody ever reads half a report.

    Lone surrogates, which only hostile input brings, become ``?``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_evidence(directory: Path) -> dict[str, Any]:
    """The evidence.json of the bundle in ``directory``. Raises BundleError with the reason."""
    path = directory / "evidence.json" if directory.is_dir() else directory
    try:
        if path.stat().st_size > MAX_BUNDLE:
            raise BundleError(f"{path}: larger than {MAX_BUNDLE} bytes")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path}: not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("schema") != "mailproof/evidence/1":
        found = data.get("schema") if isinstance(data, dict) else type(data).__name__
        raise BundleError(f"{path}: not mailproof/evidence/1 but {found!r}")
    return data
