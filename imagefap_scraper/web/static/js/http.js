// Asking the server: JSON in and out, and its errors as exceptions with words for people.

/** What the server refused, or that it is gone (`status` 0). */
export class RequestError extends Error {
    constructor(message, status) {
        super(message);
        this.status = status;
    }

    /** The same request may succeed later: the server was not reached, or could not use the archive. */
    get mayPass() {
        return this.status === 0 || this.status === 503;
    }

    /** Another tab, or a crawl, has changed what was looked at. */
    get isConflict() {
        return this.status === 409;
    }
}

/** Seconds after which it is said that an answer takes long. */
const SLOW_AFTER = 1;
let slow = 0;

/** Count requests that take long, and tell whether there are any. */
function countSlow(by) {
    slow += by;
    document.dispatchEvent(new CustomEvent("server-slow", { detail: slow > 0 }));
}

async function ask(address, options) {
    let isSlow = false;
    const timer = setTimeout(() => {
        isSlow = true;
        countSlow(1);
    }, SLOW_AFTER * 1000);
    try {
        return await answerTo(address, options);
    } finally {
        clearTimeout(timer);
        if (isSlow) {
            countSlow(-1);
        }
    }
}

async function answerTo(address, options) {
    let response;
    try {
        response = await fetch(address, { ...options, headers: { Accept: "application/json", ...options.headers } });
    } catch (error) {
        if (options.signal?.aborted) {
            // Nobody waits for it any more; the server is as it was.
            throw error;
        }
        document.dispatchEvent(new CustomEvent("server-gone"));
        throw new RequestError("The server has stopped.", 0);
    }
    document.dispatchEvent(new CustomEvent("server-there"));
    if (!response.ok) {
        const body = await response.json().catch(() => ({}));
        throw new RequestError(body.error ?? `The server answered ${response.status}.`, response.status);
    }
    // Given up in the middle, it has no end: whoever waits must not take it for an answer.
    return response.json();
}

/** Return the JSON at an address. */
export function getJson(address, signal) {
    return ask(address, { signal });
}

/** Post JSON and return the JSON of the answer. */
export function postJson(address, body = {}) {
    return ask(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
    });
}
