"""Groups of look-alikes as a search leaves them, made of rows and small files: as many as wanted, in no time.

The files are no pictures: nothing here decodes them, but every byte of what is kept is read before a copy goes.
"""

from __future__ import annotations

import hashlib
import json
import random
from typing import TYPE_CHECKING, Any

import web_bench

from imagefap_scraper.archive import Archive
from imagefap_scraper.database.journal import Rows
from imagefap_scraper.review.grouping import regroup

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection
    from web_bench import Bench

#: Names as nobody should give them: markup, quotes, a text direction turned round, a line's end.
HOSTILE = "\"><script>alert(1)</script><b onmouseover='x'>\u202egnp.exe\u2028"
_NOW = "2026-01-02 03:04:05.000000"
_FACTS = {
    "subsampling": "4:2:0",
    "alpha": False,
    "grey": False,
    "icc": False,
    "exif": False,
    "detail": 1.0,
    "flat": False,
}


def seeded(root: Path, *kinds: str, copies: int = 1, name: str = "picture", distance: int = 0) -> Bench:
    """Make an archive with a group of each of these kinds, in turn; the first picture of each is the best."""
    bench = web_bench.bench(root)
    Archive(root, "blobs").close()
    (root / "blobs").mkdir(exist_ok=True)
    rows: dict[str, list[dict[str, Any]]] = {
        table: [] for table in ("users", "folders", "blobs", "files", "images", "favorites", "looks", "pairs")
    }
    rows["users"].append({"user_id": 1, "name": name, "first_seen": _NOW})
    for number in (1, 2):
        folder = {"user_id": 1, "folder_id": number, "name": f"{name} {number}", "kind": "images", "pages": 1}
        rows["folders"].append({**folder, "first_seen": _NOW})
    chance = random.Random(5)
    for kind in kinds:
        _group(root, rows, chance, kind=kind, copies=copies, name=name, distance=distance)
    with bench.workplace.transaction() as connection:
        for table, some in rows.items():
            _insert(connection, table, some)
        regroup(Rows(connection), bench.options, new_run=True)
    return bench


def _group(
    root: Path,
    rows: dict[str, list[dict[str, Any]]],
    chance: random.Random,
    *,
    kind: str,
    copies: int,
    name: str,
    distance: int,
) -> None:
    forms = ["JPEG"] + ["PNG" if kind == "pixel-identical" else "JPEG"] * copies
    members = [_picture(root, rows, chance, form, name, best=not place) for place, form in enumerate(forms)]
    for place, one in enumerate(members):
        for other in members[place + 1 :]:
            first, second = sorted((one, other))
            pair = {"first": first, "second": second, "distance": distance, "dhash_distance": 0, "orientation": 0}
            known = {"kind": kind, "peak": 3.0, "details": "{}", "hash_version": 1, "look_version": 1}
            rows["pairs"].append(pair | known)


def _picture(
    root: Path, rows: dict[str, list[dict[str, Any]]], chance: random.Random, form: str, name: str, *, best: bool
) -> str:
    number = len(rows["blobs"]) + 1
    content = chance.randbytes(3_000 if best else 1_000 + number)
    sha256 = hashlib.sha256(content).hexdigest()
    extension = form.lower()
    path = f"blobs/{sha256}.{extension}"
    (root / path).write_bytes(content)
    blob = {"sha256": sha256, "extension": extension, "format": form, "size": len(content), "width": 800, "height": 600}
    hashes = {"phash": number, "dhash": number, "hash_version": 1, "searched": 10}
    rows["blobs"].append({**blob, "frames": 1, "animated": 0, "unchecked": "", **hashes, "stored_at": _NOW})
    rows["files"].append({"path": path, "sha256": sha256, "layout": "blobs"})
    image = {"image_id": number, "status": "stored", "reason": "", "attempts": 1, "sha256": sha256}
    rows["images"].append({**image, "name": f"{name} {number}.{extension}"})
    place = {"user_id": 1, "folder_id": 1 + number % 2, "image_id": number, "position": number}
    rows["favorites"].append({**place, "verdict": "new", "first_seen": _NOW, "shown_at": _NOW})
    quantization = (592 if best else 2952) if form == "JPEG" else None
    facts = json.dumps({**_FACTS, "quantization": quantization})
    rows["looks"].append({"sha256": sha256, "look_version": 1, "facts": facts})
    return sha256


def _insert(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        names = list(rows[0])
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        connection.exec_driver_sql(statement, [tuple(row[name] for name in names) for row in rows])
