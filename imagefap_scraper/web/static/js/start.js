// The start page while something goes on: the crawl's line and bar, and the outcome of a retry.
import { setUpRetry } from "./retry.js";

/** Seconds between two looks at the figures while they change. */
const RELOAD_AFTER = 30;

function showCrawl(crawl) {
    const line = document.getElementById("crawl-text");
    const bar = document.getElementById("crawl-bar");
    if ((crawl === null) !== (line === null)) {
        // A crawl has begun, or ended: the page says something else now. Whoever is busy with it is left alone.
        if (!isBusy()) {
            location.reload();
        }
        return;
    }
    if (crawl === null) {
        return;
    }
    line.textContent = crawl.text;
    if (bar !== null) {
        bar.max = crawl.known;
        bar.value = crawl.known - crawl.wanted;
    }
}

/** Somebody types, or has opened something. */
function isBusy() {
    const query = document.getElementById("query");
    return query === document.activeElement || query.value !== query.defaultValue || document.querySelector("details[open], dialog[open]") !== null;
}

const opened = performance.now();
let version = null;
setUpRetry();
document.addEventListener("archive-status", (event) => {
    const { crawl, version: now } = event.detail;
    const changed = version !== null && now !== version;
    version ??= now;
    showCrawl(crawl);
    const quiet = document.activeElement === document.body && scrollY === 0 && !isBusy();
    if (changed && quiet && performance.now() - opened > RELOAD_AFTER * 1000) {
        location.reload();
    }
});
