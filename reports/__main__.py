"""``python -m reports COMMAND``: what is done with bundles after a run. Exit codes: 0 done, 1 a verdict, 4 usage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from reports import merge, summary, text
from reports.files import BundleError
from reports.html import NAME as REPORT
from reports.html import page

Command = Callable[[argparse.Namespace], int]


def merge_bundles(args: argparse.Namespace) -> int:
    """Join the bundles of shards into one, with its report; exits as one run over all would have."""
    run = merge.merge([merge.read(directory) for directory in args.directory])
    merge.write(run, args.out)
    for line in summary.render(run, 80, args.out):
        print(line)
    return int(run.run["exit_code"])


def render_report(args: argparse.Namespace) -> int:
    """Write the HTML report of a bundle again, from its evidence.json."""
    from reports import files

    out = args.out or args.directory / REPORT
    files.write(out, page.document(merge.read(args.directory)))
    print(out)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line. A new command is a function above and a paragraph here."""
    root = argparse.ArgumentParser(prog="python -m reports", description="What is done with bundles after a run.")
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command) -> argparse.ArgumentParser:
        told = (command.__doc__ or "").splitlines()[0]
        entry = commands.add_parser(name, help=told, description=told)
        entry.set_defaults(command=command)
        return entry

    entry = add("merge", merge_bundles)
    entry.add_argument("directory", nargs="+", type=Path, help="a bundle: a directory with evidence.json")
    entry.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the joined bundle goes")
    entry = add("html", render_report)
    entry.add_argument("directory", type=Path, help="a bundle")
    entry.add_argument("--out", type=Path, metavar="FILE", help="default: report.html in the bundle")
    return root


def main(argv: Sequence[str] | None = None) -> int:
    try:
        args = parser().parse_args(argv)
    except SystemExit as end:
        return 4 if end.code else 0
    try:
        return int(args.command(args))
    except (BundleError, OSError) as error:
        print(f"error: {text.line(error, 2000)}", file=sys.stderr)
        return 4


if __name__ == "__main__":
    sys.exit(main())
