"""What an import of the original's database says: counts before and after, what did not arrive."""

from __future__ import annotations

from typing import Any

from tools.commands._console import Report, counted
from tools.commands._text import json_text, printable, write

_WIDTH = 24


def write_json(result: Any, *, rehearsed: bool) -> None:
    """Write the result as one JSON object."""
    write(
        json_text(
            {
                "schema": 1,
                "dry_run": rehearsed,
                "finished_before": result.finished_before,
                "before": result.before,
                "after": result.after,
                "problems": [
                    {"sha256": problem.sha256, "kind": problem.kind, "reason": problem.reason}
                    for problem in result.problems
                ],
                "notes": result.notes,
            }
        )
        + "\n"
    )


def write_text(result: Any, *, rehearsed: bool) -> None:
    """Write the result for a person: every problem a line."""
    report = Report()
    report.heading("would import" if rehearsed else "imported")
    report.plain(f"  {'':<{_WIDTH}}{'original':>14}" + ("" if rehearsed else f"{'archive':>14}"))
    for name, before in result.before.items():
        line = f"  {name.replace('_', ' '):<{_WIDTH}}{before:>14,}"
        if not rehearsed:
            after = result.after[name]
            line += f"{after:>14,}" + ("" if after == before else "  differs")
        report.plain(line)
    if result.finished_before:
        report.plain("everything had been imported before; only pictures that were missing were looked for")
    if result.problems:
        report.heading(f"{counted(len(result.problems), 'picture')} did not arrive" if not rehearsed else "missing")
        for problem in result.problems:
            report.plain(f"  {problem.sha256}  {problem.kind}: {printable(problem.reason)}")
    if result.notes:
        report.heading("taken over otherwise")
        for note in result.notes:
            report.plain(f"  {printable(note)}")
