// Decisions on their way to the server: one after the other, after the next group is painted; and taken back.
import { getJson, postJson } from "../http.js";
import { dropUndo } from "../toast.js";
import { showSending } from "./notices.js";

/** Of this tab and this archive: another one may be served at the same address later. */
const STORE = `review-batches ${document.documentElement.dataset.archive}`;
const UNDONE = `review-undone ${document.documentElement.dataset.archive}`;
const REMEMBERED = 200;

/** Sends decisions in the order in which they were made. */
export class Sending {
    constructor() {
        this.waiting = 0;
        // Groups of which a decision did not reach the server.
        this.unsent = new Set();
        this._last = Promise.resolve();
        addEventListener("beforeunload", (event) => {
            if (this.waiting > 0 || this.unsent.size > 0) {
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
            remember(STORE, { batch: answer.batch, group });
            return answer;
        });
        this._last = done.catch(() => {}).then(() => {
            this.waiting -= 1;
        });
        return done;
    }

    /** Remember what else was done about a group, so that Undo takes it back in its turn. */
    note(batch, group) {
        remember(STORE, { batch, group });
    }

    /** Return when all that was sent is answered. */
    idle() {
        return this._last;
    }

    /** The same for whoever leaves the page then: it says what it waits for. */
    async finish() {
        if (this.waiting > 0) {
            showSending(this.waiting);
        }
        await this.idle();
    }

    /**
     * Undo what was decided last in this tab, else what was done last at all.
     * @returns {Promise<?{text: string, group: ?number}>} null if there is nothing to undo.
     */
    async undo() {
        await this.idle();
        const here = remembered(STORE).at(-1);
        const batch = here?.batch ?? (await getJson("/api/undo/last")).batch;
        if (batch === null) {
            return null;
        }
        const answer = await settled(postJson(`/api/undo/${batch}`), () => forget(batch));
        const group = here?.group ?? answer.group;
        takenBack(batch, answer.batch, group);
        return { text: answer.text, group };
    }

    /**
     * Do again what was undone last in this tab, else what was undone last at all.
     * @returns {Promise<{text: string, batch: ?number, group: ?number}>}
     */
    async redo() {
        await this.idle();
        const here = remembered(UNDONE).at(-1);
        const asked = postJson(here ? `/api/undo/${here.batch}` : "/api/redo");
        const answer = await settled(asked, () => store(UNDONE, remembered(UNDONE).slice(0, -1)));
        const group = here?.group ?? answer.group;
        remember(STORE, { batch: answer.batch, group });
        return { text: answer.text, batch: answer.batch, group };
    }
}

/** Forget what an answer has settled: also a refusal, since what was taken back elsewhere meanwhile is not asked for twice. */
async function settled(asked, forgetIt) {
    try {
        const answer = await asked;
        forgetIt();
        return answer;
    } catch (error) {
        if (!error.mayPass) {
            forgetIt();
        }
        throw error;
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

function remembered(name) {
    try {
        return JSON.parse(sessionStorage.getItem(name)) ?? [];
    } catch {
        return [];
    }
}

function store(name, stack) {
    sessionStorage.setItem(name, JSON.stringify(stack.slice(-REMEMBERED)));
}

/** Remember a batch; in the order of the history, whichever answer came first. */
function remember(name, one) {
    if (one.batch !== null) {
        store(name, [...remembered(name), one].sort((first, second) => first.batch - second.batch));
    }
}

function forget(batch) {
    store(STORE, remembered(STORE).filter((one) => one.batch !== batch));
}

/** Note that a batch about a group was taken back, and by which batch: so it can be done again. */
export function takenBack(batch, undoing, group) {
    forget(batch);
    dropUndo(batch);
    remember(UNDONE, { batch: undoing, group });
}
