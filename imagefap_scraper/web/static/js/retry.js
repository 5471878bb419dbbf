// Retry without leaving the page: the form is sent behind it, and what came of it is said when it is known.
import { postJson } from "./http.js";
import { toast } from "./toast.js";

/** Send forms of Retry in the background, and tell their outcome, also by the event "retry-over". */
export function setUpRetry() {
    document.addEventListener("submit", (event) => {
        const { pathname } = new URL(event.target.action, location.href);
        if (/^\/images\/(-?\d+\/)?retry$/.test(pathname)) {
            event.preventDefault();
            send(`/api${pathname}`, event.submitter);
        }
    });
    // undefined: what was running, or over, before this page was opened.
    let told;
    document.addEventListener("archive-status", (event) => {
        const { retry } = event.detail;
        const over = retry !== null && !retry.running ? retry.number : 0;
        if (told !== undefined && over > told) {
            toast(retry.text);
            document.dispatchEvent(new Event("retry-over"));
        }
        told = Math.max(told ?? 0, over);
    });
}

async function send(address, pressed) {
    pressed?.setAttribute("aria-disabled", "true");
    try {
        toast((await postJson(address)).text);
    } catch (error) {
        toast(error.message, { wrong: true });
    }
    pressed?.removeAttribute("aria-disabled");
}
