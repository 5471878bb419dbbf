"""`make bench-crawl`: images of 300 KB a second in a whole read crawl with nothing waiting, beside what bounds it.

Four things run one after the other, in turns, against the same demo site on loopback:

* `protocol`: a loop that does only the write protocol of one image after another (file, intent, rename, row);
* `bare`: a Scrapy spider that only downloads the images' addresses;
* `files`: Scrapy's FilesPipeline on the same addresses;
* `durable` and `grouped`: whole read crawls, with IMAGEFAP_DURABILITY as named.

It prints medians over the rounds, the ratios that the project promises, and the memory of the crawling process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imagefap_scraper.archive import Archive
from imagefap_scraper.database import writes
from imagefap_scraper.items import ImageItem, ImageStatus
from imagefap_scraper.pages.strip import StripPage
from imagefap_scraper.pages.urls import Site
from tools.demo.client import DemoSite

SCRIPT = """
import json, os, resource, sys, time
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

addresses, store, kind = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]

class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        if kind == "files":
            for address in addresses:
                yield {"file_urls": [address]}
            return
        for address in addresses:
            yield scrapy.Request(address, callback=self.parse, dont_filter=True)
    def parse(self, response):
        assert response.body

settings = {"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False,
            "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "ROBOTSTXT_OBEY": False,
            "DOWNLOAD_DELAY": 0}
if kind == "files":
    settings |= {"ITEM_PIPELINES": {"scrapy.pipelines.files.FilesPipeline": 1}, "FILES_STORE": store}
process = AsyncCrawlerProcess(settings)
process.crawl(Bare)
begin = time.perf_counter()
process.start()
print(json.dumps({"seconds": time.perf_counter() - begin}))
"""


def image_addresses(site: DemoSite) -> list[str]:
    """Return signed addresses of every favorite, from the strips of its photo pages, as a crawl would see them."""
    addresses = []
    where = Site(site.url)
    truth = site.truth()
    wanted = {image_id for folder in truth["users"][0]["folders"] for image_id in folder["favorites"]}
    for gallery_id, gallery in truth["galleries"].items():
        for start in range(0, gallery["total"], 24):
            url = where.strip(gallery["ids"][0], int(gallery_id), start)
            with urlopen(url) as answer:  # loopback
                page = StripPage(answer.read().decode(), url, where)
            addresses += [entry.url for entry in page.strip().entries if entry.image_id in wanted]
    return addresses


def protocol(count: int, content: bytes) -> float:
    """Return images a second of the write protocol alone, in a loop."""
    with tempfile.TemporaryDirectory(dir=ROOT) as directory:
        archive = Archive(Path(directory) / "out", "blobs")
        begin = time.perf_counter()
        for number in range(1, count + 1):
            body = content + number.to_bytes(8, "big")
            digest = hashlib.sha256(body).hexdigest()
            item = ImageItem(number, ImageStatus.STORED, sha256=digest, format="JPEG", size=len(body))
            choice = archive.store.choose(digest, len(body), extension="jpg", name=None, image_id=number)
            temp = archive.directory.write_temp(body)
            item.path = choice.path
            intent = {"intent_id": number, "temporary": temp.relative, "path": item.path, "sha256": digest}
            intent |= {"size": len(body), "image": asdict(item)}
            archive.wait_for(partial(writes.add_intents, rows=[intent]))
            archive.store.publish(choice, temp)
            record = partial(writes.record_stored, item=item, layout="blobs", extension="jpg", intent_id=number)
            archive.wait_for(record)
        rate = count / (time.perf_counter() - begin)
        archive.close()
    return rate


def peer(kind: str, addresses: list[str]) -> float:
    """Return images a second of a spider that only downloads, or of FilesPipeline."""
    with tempfile.TemporaryDirectory(dir=ROOT) as directory:
        listed = Path(directory) / "addresses.json"
        listed.write_text(json.dumps(addresses))
        command = [sys.executable, "-c", SCRIPT, str(listed), directory, kind]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return len(addresses) / float(json.loads(done.stdout.splitlines()[-1])["seconds"])


def whole(site: DemoSite, durability: str, count: int) -> tuple[float, float]:
    """Return images a second from the first image file to the end of the crawl, and its peak memory in megabytes."""
    site.reset_log()
    with tempfile.TemporaryDirectory(dir=ROOT) as directory:
        settings = {
            "IMAGEFAP_SITE_URL": site.url,
            "IMAGEFAP_PAGE_LIMITS": "",
            "IMAGEFAP_PAGE_GAP": "0",
            "IMAGEFAP_IMAGE_CONCURRENCY": "16",
            "IMAGEFAP_DURABILITY": durability,
            "IMAGEFAP_PROGRESS": "off",
            "AUTOTHROTTLE_ENABLED": "False",
            "LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "scrapy", "crawl", "favorites", "-a", "mode=read", "-a", f"user={user(site)}"]
        command += ["-a", f"output={directory}/out"]
        command += [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        end = time.time()
        assert status == 0, f"the crawl ended with {os.waitstatus_to_exitcode(status)}"
        stored = len(list((Path(directory) / "out" / "blobs").iterdir()))
    assert stored == count, (stored, count)
    first = min(entry["t"] for entry in site.requests("image"))
    return count / (end - first), usage.ru_maxrss / 1024


def user(site: DemoSite) -> str:
    """Return the name of the only user."""
    return str(site.truth()["users"][0]["name"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--image-bytes", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    arguments = ["--world", "big", "--images", str(options.images), "--image-bytes", str(options.image_bytes)]
    rates: dict[str, list[float]] = {name: [] for name in ("protocol", "bare", "files", "durable", "grouped")}
    memory = 0.0
    with DemoSite.start(*arguments) as site:
        addresses = image_addresses(site)
        for _ in range(options.rounds):
            rates["protocol"].append(protocol(min(options.images, 500), os.urandom(options.image_bytes)))
            rates["bare"].append(peer("bare", addresses))
            rates["files"].append(peer("files", addresses))
            for durability in ("durable", "grouped"):
                rate, peak = whole(site, durability, len(addresses))
                rates[durability].append(rate)
                memory = max(memory, peak)
    median = {name: statistics.median(values) for name, values in rates.items()}
    print(f"{len(addresses)} images of {options.image_bytes:,} bytes, median of {options.rounds} rounds")
    for name, value in median.items():
        print(f"  {name:10} {value:7.1f} images/s")
    print(f"  durable / protocol {median['durable'] / median['protocol']:.2f}  (promised: 0.85)")
    print(f"  grouped / bare     {median['grouped'] / median['bare']:.2f}  (promised: 0.40)")
    print(f"  grouped / files    {median['grouped'] / median['files']:.2f}")
    print(f"  peak memory of the crawling process {memory:.0f} MB  (promised: under 300)")


if __name__ == "__main__":
    main()
