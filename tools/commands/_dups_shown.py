"""`dups show` for people: what differs, what is suggested and why, what the pairs tell, what accepting would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.filesize import decimal

from imagefap_scraper.review.showing import place_name
from tools.commands._console import Report, counted
from tools.commands._dups_listing import DIGITS_SHOWN, proposal
from tools.commands._text import printable

if TYPE_CHECKING:
    from typing import Any

    from imagefap_scraper.database.members import BlobFacts
    from imagefap_scraper.review.showing import Shown

#: Places of one picture that are shown; the rest is summed up.
_PLACES_SHOWN = 8


def write_text(shown: Shown) -> None:
    """Write the group for a person to stdout."""
    report = Report()
    group = shown.group
    numbers = {one.sha256: number for number, one in enumerate(shown.members, 1)}
    verdicts = {sha256: (verdict, asked) for sha256, verdict, asked in group.members}
    gain = f"{decimal(group.bytes_to_win)} to win"
    report.heading(f"Group {group.group_id}: {group.kind}, {group.state}, {gain}; {proposal(group)}")
    for one in shown.members:
        _member(report, numbers[one.sha256], one, verdicts[one.sha256], shown)
    _why(report, shown, numbers)
    _pairs(report, shown, numbers)
    report.plain("")
    report.plain(_consequence(shown, numbers))


def _member(report: Report, number: int, one: BlobFacts, verdict: tuple[str, bool], shown: Shown) -> None:
    words = [verdict[0]]
    words += ["asked"] if verdict[1] else []
    words += ["SUGGESTED"] if one.sha256 == shown.group.suggestion else []
    words += [one.state] if one.state != "live" else []
    words += ["no longer on the site"] if one.gone else []
    words += ["protected"] if one.protected else []
    pixels = f"{one.width}x{one.height}" if one.width else "size not known"
    facts = f"{pixels:>11}  {decimal(one.size):>9}  {_quality(one):<28}  {one.sha256[:DIGITS_SHOWN]}"
    report.plain(f"{number:>3}  {facts}  {', '.join(words)}")
    places = shown.places[one.sha256]
    for place in places[:_PLACES_SHOWN]:
        name = "(name not known)" if place.name is None else place.name
        own = "" if place.own else " (of a copy)"
        report.plain(f"       in: {printable(place_name(place))}{own}  {printable(name)}")
    if len(places) > _PLACES_SHOWN:
        report.plain(f"       ... and {counted(len(places) - _PLACES_SHOWN, 'more place')}; --json shows all")
    if shown.tags[one.sha256]:
        report.plain(f"       tags: {printable(', '.join(shown.tags[one.sha256]))}")


def _quality(one: BlobFacts) -> str:
    """Return the format and, of a JPEG, the sum of its quantisation tables: the higher, the worse."""
    frames = [f"{one.frames} frames"] if one.animated else []
    tables = [f"q-sum {one.facts['quantization']}"] if one.facts.get("quantization") else []
    colour = [one.facts["subsampling"]] if one.facts.get("subsampling") else []
    return " ".join([one.format, *frames, *tables, *colour])


def _why(report: Report, shown: Shown, numbers: dict[str, int]) -> None:
    known = shown.group.reasons
    if known.get("guards"):
        report.heading("\nWhy nothing is suggested")
        for guard in known["guards"]:
            report.plain(f"  {printable(guard)}")
    if known.get("reasons"):
        report.heading("\nPoints")
        for reason in known["reasons"]:
            # A member may have left the group since.
            one, other = numbers.get(reason["member"], "?"), numbers.get(reason["over"], "?")
            report.plain(f"  {one} over {other}: {printable(reason['text'])} (+{reason['points']})")


def _pairs(report: Report, shown: Shown, numbers: dict[str, int]) -> None:
    if not shown.pairs:
        return
    report.heading("\nPairs (hash distances in bits of 64, peak difference after a blur of 255)")
    for pair in shown.pairs:
        report.plain(_pair(pair, sorted((numbers[pair.first], numbers[pair.second]))))


def _pair(pair: Any, between: list[int]) -> str:
    peak = "-" if pair.peak is None else f"{pair.peak:.0f}"
    turned = f"  orientation {pair.orientation}" if pair.orientation else ""
    hashes = f"PHash {pair.distance:>2}  DHash {pair.dhash_distance:>2}"
    return f"  {between[0]:>3} - {between[1]:<3}  {pair.kind:<15}  {hashes}  peak {peak:>3}{turned}"


def _consequence(shown: Shown, numbers: dict[str, int]) -> str:
    group, after = shown.group, shown.consequence
    if after is None:
        if group.state in ("decided", "applied"):
            return f"Nothing is asked: the group is {group.state}."
        return f"Accepting does nothing: decide with `process.py dups decide {group.group_id} --keep N`."
    gone = ", ".join(str(numbers[sha256]) for sha256 in after.skip)
    parts = [f"keep {numbers[after.keep]}", f"{gone} to the trash ({decimal(after.bytes)})"]
    if after.tags:
        parts.append(f"{numbers[after.keep]} gets the tags {', '.join(after.tags)}")
    if after.places:
        more = len(after.places) - _PLACES_SHOWN
        rest = f" and {more:,} more" if more > 0 else ""
        parts.append(f"it is then also shown in {', '.join(after.places[:_PLACES_SHOWN])}{rest}")
    keep = f"`process.py dups decide {group.group_id} --keep {numbers[after.keep]}`"
    return printable(f"Accept ({keep}): {'; '.join(parts)}.")
