// Decisions on their way to the server: one after the other, after the next group is painted; and taken back.
import { getJson, postJson } from "../http.js";

const STORE = "review-batches";
const REMEMBERED = 200;

/** Sends decisions in the order in which they were made. */
export class Sending {
    constructor() {
        this.waiting = 0;
        this._last = Promise.resolve();
        addEventListener("beforeunload", (event) => {
            if (this.waiting > 0) {
                event.preventDefault();
            }
        });
    }

    /**
     * Post after the next paint, and after what was sent before.
     * @returns {Promise<object>} the server's answer; its batch is remembered with the group.
     */
    send(address, body, group) {
        this.waiting += 1;
        const sent = Promise.all([this._last, painted()]).then(() => postJson(address, body));
        const done = sent.then((answer) => {
            remember({ batch: answer.batch, group });
            return answer;
        });
        this._last = done.catch(() => {}).then(() => {
            this.waiting -= 1;
        });
        return done;
    }

    /** Return when all that was sent is answered. */
    idle() {
        return this._last;
    }

    /**
     * Undo what was decided last in this tab, else what was done last at all.
     * @returns {Promise<{text: string, group: ?number}>}
     */
    async undo() {
        await this.idle();
        const here = remembered().at(-1);
        const batch = here?.batch ?? (await getJson("/api/undo/last")).batch;
        // Whatever the answer: what was taken back elsewhere meanwhile is not asked for twice.
        forget(batch);
        const answer = await postJson(`/api/undo/${batch}`);
        return { text: answer.text, group: here?.group ?? null };
    }

    /** Do again what was undone last; returns what was done, in words. */
    async redo() {
        await this.idle();
        return postJson("/api/redo");
    }
}

function painted() {
    return new Promise((resolve) => {
        // A hidden page is never painted; what was decided must go all the same.
        const timer = setTimeout(resolve, 200);
        requestAnimationFrame(() => {
            clearTimeout(timer);
            setTimeout(resolve, 0);
        });
    });
}

function remembered() {
    try {
        return JSON.parse(sessionStorage.getItem(STORE)) ?? [];
    } catch {
        return [];
    }
}

function store(stack) {
    sessionStorage.setItem(STORE, JSON.stringify(stack.slice(-REMEMBERED)));
}

/** A batch was taken back. */
export function forget(batch) {
    store(remembered().filter((one) => one.batch !== batch));
}

function remember(one) {
    store([...remembered(), one]);
}
