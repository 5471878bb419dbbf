// What every page does: theme, the key that blanks it, the sheet of keys, what the crawl does, a server that is gone.
import { showDialog, topDialog } from "./dialogs.js";
import { getJson } from "./http.js";
import { acting, keysOf, labelOf, register, signOf } from "./keys.js";
import { prefer, prefers } from "./preferences.js";
import { announce, pressUndo, undoButton } from "./toast.js";

const POLL_SECONDS = 3;
const root = document.documentElement;

const THEMES = { dark: "Theme: dark", light: "Theme: light", auto: "Theme: system" };

function setUpTheme() {
    const button = document.getElementById("theme-switch");
    const chosen = () => localStorage.getItem("theme") ?? "dark";
    const show = () => {
        button.textContent = THEMES[chosen()];
    };
    button.hidden = false;
    button.addEventListener("click", () => {
        const names = Object.keys(THEMES);
        localStorage.setItem("theme", names[(names.indexOf(chosen()) + 1) % names.length]);
        document.dispatchEvent(new Event("theme-chosen"));
        show();
    });
    show();
}

function blank() {
    const on = root.classList.toggle("blank");
    sessionStorage.setItem("blank", on ? "1" : "0");
    document.dispatchEvent(new CustomEvent("blanked", { detail: on }));
}

function keySheet() {
    if (document.querySelector("dialog[data-keys=sheet]") !== null) {
        return;
    }
    const dialog = document.createElement("dialog");
    dialog.dataset.keys = "sheet";
    dialog.setAttribute("aria-labelledby", "sheet-title");
    const title = document.createElement("h2");
    title.id = "sheet-title";
    title.tabIndex = -1;
    title.textContent = "Keys";
    const table = document.createElement("table");
    for (const [scope, actions] of acting()) {
        for (const action of actions) {
            const row = table.insertRow();
            const keys = row.insertCell();
            for (const sign of keysOf(scope, action.id).map(signOf).filter((one) => one !== "")) {
                const shown = document.createElement("kbd");
                shown.textContent = sign;
                keys.append(shown, " ");
            }
            row.insertCell().textContent = labelOf(scope, action.id);
        }
    }
    const foot = document.createElement("form");
    foot.method = "dialog";
    foot.className = "row";
    const close = document.createElement("button");
    close.textContent = "Close";
    const change = document.createElement("a");
    change.className = "button";
    change.href = "/keys";
    change.textContent = "Keys and preferences";
    foot.append(close, change);
    dialog.append(title, table, foot);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    showDialog(dialog);
    // Its beginning is what is read first, not the buttons at its foot.
    title.focus();
}

function setUpKeys() {
    register("everywhere", [
        { id: "sheet", run: keySheet },
        { id: "blank", run: blank },
        { id: "blur", run: () => prefer("blur", !prefers("blur")) },
        { id: "undo", when: () => undoButton() !== null, run: pressUndo },
        { id: "search", when: () => topDialog() === null, run: () => document.querySelector(".search input")?.focus() },
    ]);
    document.getElementById("keys-link").addEventListener("click", (event) => {
        if (!event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            keySheet();
        }
    });
}

/** How the crawl stands: "", "running" or "paused"; null before the first look. */
let stands = null;

function showCrawl(crawl) {
    const chip = document.getElementById("crawl");
    const text = crawl?.text ?? "";
    chip.textContent = text;
    chip.title = text;
    chip.hidden = text === "";
    // It counts all the time: only what matters is read out.
    const now = crawl === null ? "" : crawl.paused_until === null ? "running" : "paused";
    if (stands !== null && now !== stands) {
        announce(now === "" ? "The crawl has ended." : text);
    }
    stands = now;
}

async function poll() {
    if (!document.hidden) {
        try {
            const status = await getJson("/api/status");
            showCrawl(status.crawl);
            // For who begins to listen later.
            root.dataset.version ??= status.version;
            document.dispatchEvent(new CustomEvent("archive-status", { detail: status }));
        } catch {
            // The banner says so.
        }
    }
    setTimeout(poll, POLL_SECONDS * 1000);
}

function setUpServerGone() {
    const banner = document.getElementById("offline");
    document.addEventListener("server-gone", () => {
        banner.hidden = false;
    });
    document.addEventListener("server-there", () => {
        banner.hidden = true;
    });
    const slow = document.getElementById("slow");
    document.addEventListener("server-slow", (event) => {
        slow.hidden = !event.detail;
    });
}

/** The address no longer says what was just done: a reload, or Back, must not say it again. */
function forgetDone() {
    const address = new URL(location.href);
    if (address.searchParams.has("done")) {
        address.searchParams.delete("done");
        history.replaceState(history.state, "", address);
    }
}

setUpTheme();
setUpKeys();
setUpServerGone();
forgetDone();
poll();
