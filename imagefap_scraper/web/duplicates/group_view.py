"""One group as the review page needs it: plain values, for JSON and for the template alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from imagefap_scraper.dedup.kinds import GroupState, PairKind, Verdict
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.review.deciding import follow
from imagefap_scraper.review.foreseeing import foresee
from imagefap_scraper.web.duplicates import group_words as words
from imagefap_scraper.web.duplicates.group_facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from imagefap_scraper.database.members import BlobFacts, PlaceRow
    from imagefap_scraper.review.showing import Shown
    from imagefap_scraper.web.duplicates.group_facts import Fact

#: What browsers do not show; a small picture of it is shown instead.
_NOT_SHOWN: Final = frozenset({"TIFF"})
_ASKING: Final = (GroupState.NEW, GroupState.SUGGESTED, GroupState.REOPENED, GroupState.DEFERRED)
#: The quarter turns undo each other, all other orientations themselves: `dedup.orientation.inverse`, which loads numpy.
_INVERSE: Final = {5: 6, 6: 5}
#: Places of one picture that are sent: it may be in hundreds of folders.
_PLACES: Final = 20


def group_document(shown: Shown) -> dict[str, Any]:
    """Return a group as the page needs it; members are named by their numbers, from 1 on."""
    group = shown.group
    numbers = _numbers(shown)
    judged = {sha256: (verdict, asked) for sha256, verdict, asked in group.members}
    columns = facts_of(shown.members)
    reasons = group.reasons
    return {
        "id": group.group_id,
        "rev": group.rev,
        "kind": group.kind,
        "kind_text": words.KINDS[PairKind(group.kind)],
        "state": group.state,
        "state_text": words.state_text(group),
        "rule": group.rule,
        "bytes_to_win": group.bytes_to_win,
        "suggestion": numbers.get(group.suggestion or ""),
        "margin": group.margin,
        "confidence": reasons.get("confidence"),
        "reasons": [_reason(reason, numbers) for reason in reasons.get("reasons", [])],
        "guards": [words.refusal_text(guard, numbers) for guard in reasons.get("guards", [])],
        "members": [
            _member(number, one, shown, judged[one.sha256], column)
            for number, (one, column) in enumerate(zip(shown.members, columns, strict=True), 1)
        ],
        "pairs": sorted((_pair(pair, numbers) for pair in shown.pairs), key=lambda one: (one["first"], one["second"])),
        "accept": accept(shown),
    }


def accept(shown: Shown) -> dict[str, Any] | None:
    """Return what accepting the suggestion would do, in words and as verdicts; None if there is none."""
    group = shown.group
    live = {one.sha256 for one in shown.members if one.state == "live"}
    if group.suggestion not in live or group.state not in _ASKING:
        return None
    verdicts = follow(group).verdicts
    try:
        after = foresee(shown, verdicts)
    except UserInputError:
        return None
    numbers = _numbers(shown)
    return {
        "text": words.consequence_text(after, numbers),
        "text_later": words.consequence_text(after, numbers, later=True),
        "verdicts": {sha256: str(verdict) for sha256, verdict in verdicts.items()},
    }


def preview(shown: Shown, verdicts: Mapping[str, Verdict], variants: Collection[str], *, later: bool = False) -> str:
    """Return in words what verdicts would do; `later`: while nothing is thrown out yet.

    Raises:
        UserInputError: they cannot be; pictures are named by their numbers.
    """
    numbers = _numbers(shown)
    try:
        return words.consequence_text(foresee(shown, verdicts, variants), numbers, later=later)
    except UserInputError as error:
        raise UserInputError(words.refusal_text(str(error), numbers)) from error


def _numbers(shown: Shown) -> dict[str, int]:
    return {one.sha256: number for number, one in enumerate(shown.members, 1)}


def _member(number: int, one: BlobFacts, shown: Shown, judged: tuple[str, bool], column: list[Fact]) -> dict[str, Any]:
    places = shown.places[one.sha256]
    small = one.format in _NOT_SHOWN
    return {
        "number": number,
        "sha256": one.sha256,
        "name": next((place.name for place in places if place.name), f"picture {number}"),
        "source": "" if one.state == "purged" else f"/{'previews' if small else 'blobs'}/{one.sha256}",
        "poster": "" if one.state == "purged" else f"/{'previews' if one.animated else 'thumbs'}/{one.sha256}",
        "small": small,
        "width": one.width,
        "height": one.height,
        "size": one.size,
        "animated": one.animated,
        "exif": bool(one.facts.get("exif")),
        "state": one.state,
        "verdict": judged[0],
        "asked": judged[1],
        "gone": one.gone,
        "protected": one.protected,
        "facts": [asdict(fact) for fact in column],
        "places": [_place(place) for place in places[:_PLACES]],
        "more_places": max(0, len(places) - _PLACES),
        "tags": shown.tags[one.sha256],
        "images": list(dict.fromkeys(place.image_id for place in places if place.own)),
    }


def _place(place: PlaceRow) -> dict[str, Any]:
    return {
        "user": place.user,
        "folder": place.folder,
        "position": place.position,
        "image_id": place.image_id,
        "own": place.own,
    }


def _reason(reason: Mapping[str, Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    # A member may have left the group since.
    return {
        "member": numbers.get(reason["member"]),
        "over": numbers.get(reason["over"]),
        "text": reason["text"],
        "points": reason["points"],
    }


def _pair(pair: Any, numbers: Mapping[str, int]) -> dict[str, Any]:
    """Return a pair, the lower number first; `orientation` turns that one so that it looks like the other."""
    first, second, orientation = numbers[pair.first], numbers[pair.second], pair.orientation
    crop = None
    if box := pair.details.get("crop"):
        crop = {"part": numbers[pair.first if pair.details.get("part") == "first" else pair.second], "box": box}
    if first > second:
        first, second, orientation = second, first, _INVERSE.get(orientation, orientation)
    return {
        "first": first,
        "second": second,
        "kind": pair.kind,
        "kind_text": words.KINDS[PairKind(pair.kind)],
        "distance": pair.distance,
        "dhash_distance": pair.dhash_distance,
        "orientation": orientation,
        "turn_text": words.TURNS[orientation],
        "peak": None if pair.peak is None else round(pair.peak),
        "difference": words.difference(pair),
        "crop": crop,
    }
