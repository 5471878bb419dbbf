from __future__ import annotations

import io
import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from scrapy.exceptions import NotConfigured
from scrapy.extension import ExtensionManager
from scrapy.utils.test import get_crawler

import imagefap_scraper.settings as project_settings
from imagefap_scraper.exceptions import SettingError
from imagefap_scraper.extensions._holds import Gate, Holds, find_gate
from imagefap_scraper.extensions._screen import LiveScreen
from imagefap_scraper.extensions._snapshot import Snapshot
from imagefap_scraper.extensions._view import Display, State, plain_line
from imagefap_scraper.extensions.progress import LiveProgress, ProgressOptions
from imagefap_scraper.pace.gate import PageGate

if TYPE_CHECKING:
    from pathlib import Path

NOON = 1_700_000_000.0
STATS: dict[str, Any] = {
    "imagefap/folders/total": 12,
    "imagefap/folders/listed": 2,
    "imagefap/folders/current": "Sea [b]and\x1b[2J\nsun",
    "imagefap/images/total": 1204,
    "imagefap/images/known": 84,
    "imagefap/images/stored": 400,
    "imagefap/images/failed": 2,
    "imagefap/bytes/stored": 128_300_000,
    "imagefap/pages/asked": 40,
}


def terminal(width: int = 100) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=True, width=width, height=30, highlight=False, markup=False), out


def shown(state: State, width: int) -> list[str]:
    console, out = terminal(width)
    console.print(Display(state))
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()


def state(holds: Holds | None = None) -> State:
    return State(Snapshot.of(STATS), NOON, 640.0, 4800.0, holds or Holds())


def test_display_tells_folder_images_bytes_pace_and_time() -> None:
    folder, bar, facts = shown(state(), 100)
    assert folder == "Folder 3 of 12: Sea [b]and[2J sun"
    assert bar.endswith("486 of 1,204 images (40%)")
    assert facts == "128.3 MB · 640 pages/h · about 1 h 20 min left · 84 known · 2 failed"


def test_display_counts_down_during_a_pause() -> None:
    lines = [shown(state(Holds(pages_until=NOON + seconds, reason="429")), 100)[-1] for seconds in (702, 701)]
    assert re.fullmatch(r"Paused by the site \(429\) until \d\d:\d\d, 11:42 left; image files go on\.", lines[0])
    assert "11:41 left" in lines[1]


def test_display_fits_forty_columns() -> None:
    lines = shown(state(Holds(pages_until=NOON + 702)), 40)
    assert max(map(len, lines)) <= 40
    assert "11:42 left; image files go on." in " ".join(" ".join(lines).split())


def test_holds_do_not_promise_that_paused_image_files_go_on() -> None:
    both = Holds(pages_until=NOON + 60, images_until=NOON + 30).sentences(NOON)
    assert len(both) == 2
    assert not any("go on" in sentence for sentence in both)
    assert Holds(pages_until=NOON - 1, images_until=NOON).sentences(NOON) == []
    assert Holds(limit_until=NOON + 5).sentences(NOON) == []
    assert "limit" in Holds(limit_until=NOON + 500).sentences(NOON)[0]


def test_plain_line_is_one_harmless_line() -> None:
    line = plain_line(state(Holds(pages_until=NOON + 702)))
    assert line.isprintable()
    assert line.startswith("Folder 3 of 12: Sea [b]and[2J sun, 486 of 1,204 images (40%), 128.3 MB, 640 pages/h")
    assert "11:42 left" in line


def test_nothing_counted_yet() -> None:
    assert plain_line(State(Snapshot.of({}), NOON)) == "No folder yet, no images yet, 0 bytes"


@pytest.mark.parametrize(
    "wrong",
    [{"IMAGEFAP_PROGRESS": "fancy"}, *({"IMAGEFAP_PROGRESS_INTERVAL": v} for v in ("0", "-1", "x", "nan", "inf"))],
)
def test_settings_that_cannot_be_right(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=next(iter(wrong))):
        ProgressOptions.from_settings(get_crawler(settings_dict=wrong).settings)


def test_off_means_not_there() -> None:
    with pytest.raises(NotConfigured):
        LiveProgress.from_crawler(get_crawler(settings_dict={"IMAGEFAP_PROGRESS": "off"}))


def test_the_real_gate_is_recognised(tmp_path: Path) -> None:
    ours = {name: value for name, value in vars(project_settings).items() if name.startswith("IMAGEFAP_")}
    crawler = get_crawler(settings_dict={**ours, "IMAGEFAP_PACE_FILE": str(tmp_path / "pace")})
    gate = PageGate.from_crawler(crawler)
    assert isinstance(gate, Gate)
    assert Holds.of(gate).sentences(NOON) == []
    crawler.extensions = ExtensionManager(object(), gate, crawler=crawler)
    assert find_gate(crawler) is gate


def plain_progress(interval: float, times: list[float]) -> LiveProgress:
    crawler = get_crawler()
    return LiveProgress(crawler, ProgressOptions(interval=interval), clock=lambda: times[-1])


async def test_first_line_when_there_is_something_to_tell_then_one_an_interval(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    caplog.set_level(logging.INFO, "imagefap_scraper")
    times = [NOON]
    progress = plain_progress(30, times)
    progress.start()
    try:
        told = []
        for second in range(1, 70):
            times.append(NOON + second)
            if second == 3:
                progress._crawler.stats.set_stats(dict(STATS))
            progress.tick()
            told.append(len(caplog.messages))
    finally:
        progress.stop()
    assert [told.index(count) + 1 for count in (1, 2, 3)] == [3, 33, 63]
    assert told[-1] == 3


def test_screen_puts_log_lines_above_and_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    console, out = terminal()
    monkeypatch.setattr(sys, "stderr", out)
    handler = logging.StreamHandler(out)
    logging.root.addHandler(handler)
    screen = LiveScreen(lambda: "DISPLAY", console)
    try:
        screen.open()
        logging.getLogger("imagefap_scraper.test").warning("above \x1b]0;title\x07\x1b[2J%s", "[b]me[/b]")
        kept = sys.stderr
        screen.refresh()
        screen.close()
        screen.close()
        assert handler.stream is out
        assert sys.stderr is out
        kept.write("later\n")
    finally:
        screen.close()
        logging.root.removeHandler(handler)
    written = out.getvalue()
    assert "above [b]me[/b]\n" in written
    assert written.index("above") < written.rindex("DISPLAY")
    assert "title" not in written
    assert "\x1b[2J" not in written
    assert written.index("\x1b[?25l") < written.index("\x1b[?25h") < written.index("later\n")


def test_a_terminal_that_went_away_closes_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    console, out = terminal()
    monkeypatch.setattr(sys, "stderr", out)
    screen = LiveScreen(lambda: "DISPLAY", console)
    screen.open()

    def gone(_text: str) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(out, "write", gone, raising=False)
    screen.refresh()
    assert not screen.is_open
    assert sys.stderr is out
