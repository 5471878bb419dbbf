from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

ROOT = Path(__file__).parents[2]

CRAWL = """
import asyncio, logging
import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from imagefap_scraper.extensions.quiet import calm_logging

class Small(scrapy.Spider):
    name = "small"
    async def start(self):
        stats = self.crawler.stats
        stats.set_value("imagefap/folders/total", 1)
        stats.set_value("imagefap/images/total", 4)
        yield scrapy.Request("data:,")
    async def parse(self, response):
        self.crawler.stats.set_value("imagefap/images/stored", 4)
        await asyncio.sleep(0.7)
        logging.getLogger("imagefap_scraper.small").info("a log line")
        await asyncio.sleep(0.5)

package = "imagefap_scraper.extensions."
settings = {
    "EXTENSIONS": {package + "progress.LiveProgress": 1, package + "summary.EndSummary": 2},
    "LOG_LEVEL": "INFO", "STATS_DUMP": False, "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
}
calm_logging(Settings(settings))
process = AsyncCrawlerProcess(settings)
process.crawl(Small)
process.start()
"""


def read_all(terminal: int) -> str:
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end has closed
            chunk = b""
        if not chunk:
            return b"".join(chunks).decode()
        chunks.append(chunk)


def test_a_crawl_on_a_terminal() -> None:
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", CRAWL], stdin=end, stdout=subprocess.PIPE, stderr=end, env=environment, text=True
    ) as crawl:
        os.close(end)
        written = read_all(terminal)
        assert crawl.communicate(timeout=20)[0] == ""
    os.close(terminal)
    assert crawl.returncode == 0
    assert "4 of 4 images (100%)" in written
    assert "a log line\r\n" in written
    assert "Scrapy 2" not in written
    # The cursor is hidden, shown again, and the summary comes after that.
    hidden, again = written.index("\x1b[?25l"), written.rindex("\x1b[?25h")
    assert hidden < written.index("a log line") < again < written.index("All 4 images are here.")
