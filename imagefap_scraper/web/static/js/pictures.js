// The pictures of a query as the server lists them: fetched in pieces, where somebody looks.
import { getJson } from "./http.js";

const PIECE = 120;
const MOST_PIECES = 60;

/** Tells of `loaded` (detail: first, last) and `total` by events. */
export class Pictures extends EventTarget {
    constructor(query, total) {
        super();
        this.query = query;
        this.total = total;
        this._pieces = new Map();
        this._under_way = new Map();
        /** Pieces that somebody waits for, wherever the grid is. */
        this._waited = new Set();
    }

    /** Return the picture at a place (from 0), or null while it is not here. */
    at(index) {
        return this._pieces.get(Math.floor(index / PIECE))?.[index % PIECE] ?? null;
    }

    /** Return the picture at a place, or null if there is none; fetches it if need be. */
    async wait(index) {
        if (index < 0 || index >= this.total) {
            return null;
        }
        const piece = Math.floor(index / PIECE);
        this._waited.add(piece);
        try {
            if (this.at(index) === null) {
                await this._fetch(piece);
            }
        } finally {
            this._waited.delete(piece);
        }
        return this.at(index);
    }

    /** Have the pictures between two places fetched; what was asked for elsewhere is no longer waited for. */
    want(first, last) {
        const from = Math.floor(Math.max(0, first) / PIECE);
        const to = Math.floor(Math.max(0, Math.min(last, this.total - 1)) / PIECE);
        for (const [piece, { stop }] of this._under_way) {
            if ((piece < from - 1 || piece > to + 1) && !this._waited.has(piece)) {
                stop.abort();
            }
        }
        for (let piece = from; piece <= to; piece += 1) {
            if (!this._pieces.has(piece)) {
                this._fetch(piece).catch(() => {});
            }
        }
    }

    /** Fetch again what is between two places; the rest when it is looked at. */
    async refresh(first, last) {
        const from = Math.floor(Math.max(0, first) / PIECE);
        const to = Math.floor(Math.max(0, Math.min(last, Math.max(0, this.total - 1))) / PIECE);
        for (const piece of [...this._pieces.keys()]) {
            if (piece < from || piece > to) {
                this._pieces.delete(piece);
            }
        }
        for (let piece = from; piece <= to; piece += 1) {
            await this._fetch(piece);
        }
    }

    _fetch(piece) {
        const running = this._under_way.get(piece);
        if (running !== undefined && !running.stop.signal.aborted) {
            return running.done;
        }
        const stop = new AbortController();
        const done = this._get(piece, stop).finally(() => {
            if (this._under_way.get(piece)?.stop === stop) {
                this._under_way.delete(piece);
            }
        });
        this._under_way.set(piece, { stop, done });
        return done;
    }

    async _get(piece, stop) {
        const offset = piece * PIECE;
        const asked = new URLSearchParams({ q: this.query, offset, limit: PIECE });
        const answer = await getJson(`/api/images?${asked}`, stop.signal);
        this._pieces.delete(piece);
        this._pieces.set(piece, answer.images);
        if (this._pieces.size > MOST_PIECES) {
            this._pieces.delete(this._pieces.keys().next().value);
        }
        if (answer.total !== this.total) {
            this.total = answer.total;
            this.dispatchEvent(new CustomEvent("total"));
        }
        this.dispatchEvent(new CustomEvent("loaded", { detail: { first: offset, last: offset + PIECE - 1 } }));
    }
}
