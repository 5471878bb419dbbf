from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from imagefap_scraper.web.pictures import sending
from imagefap_scraper.web.pictures.originals import open_plain
from imagefap_scraper.web.pictures.sending import OpenFileResponse

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sending, "_CHUNK", 1000)
    one = tmp_path / "file"
    one.write_bytes(CONTENT)
    return one


class Wire:
    """What a server would send; it breaks after a number of messages."""

    def __init__(self, breaks_after: int = 1000) -> None:
        self.messages: list[Any] = []
        self._left = breaks_after

    async def send(self, message: Any) -> None:
        if not self._left:
            raise OSError("the browser has gone")
        self._left -= 1
        self.messages.append(message)

    async def receive(self) -> Any:
        raise AssertionError("nothing is read of a request")

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])


async def test_it_goes_out_in_pieces_and_is_closed(path: Path) -> None:
    file, wire = open_plain(path), Wire()
    await OpenFileResponse(file, len(CONTENT), {"ETag": "x"})({"method": "GET"}, wire.receive, wire.send)
    assert wire.body == CONTENT
    assert max(len(message["body"]) for message in wire.messages[1:]) == 1000
    assert [message["more_body"] for message in wire.messages[1:]] == [True] * 11 + [False]
    assert dict(wire.messages[0]["headers"]) == {b"etag": b"x", b"content-length": str(len(CONTENT)).encode()}
    assert file.closed


async def test_no_more_than_promised_is_sent_of_a_file_that_has_grown(path: Path) -> None:
    file, wire = open_plain(path), Wire()
    answer = OpenFileResponse(file, len(CONTENT), {})
    path.write_bytes(CONTENT + b"<script>")
    await answer({"method": "GET"}, wire.receive, wire.send)
    assert wire.body == CONTENT


async def test_a_file_that_was_cut_ends_the_answer(path: Path) -> None:
    file, wire = open_plain(path), Wire()
    answer = OpenFileResponse(file, len(CONTENT), {})
    path.write_bytes(CONTENT[:1500])
    await answer({"method": "GET"}, wire.receive, wire.send)
    assert wire.body == CONTENT[:1500]
    assert wire.messages[-1]["more_body"] is False
    assert file.closed


async def test_head_sends_nothing_of_it(path: Path) -> None:
    file, wire = open_plain(path), Wire()
    await OpenFileResponse(file, len(CONTENT), {})({"method": "HEAD"}, wire.receive, wire.send)
    assert wire.body == b""
    assert (b"content-length", str(len(CONTENT)).encode()) in wire.messages[0]["headers"]
    assert file.closed


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_it_is_closed_when_the_browser_has_gone(path: Path, after: int) -> None:
    file, wire = open_plain(path), Wire(after)
    with pytest.raises(OSError, match="has gone"):
        await OpenFileResponse(file, len(CONTENT), {})({"method": "GET"}, wire.receive, wire.send)
    assert file.closed
