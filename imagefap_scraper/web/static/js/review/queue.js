// The queue as the server has it: groups are fetched before they are looked at, and left out once they are settled.
import { getJson } from "../http.js";
import { preload } from "./pictures.js";

/** The groups of a review, by the query of its address. */
export class Queue {
    constructor(query) {
        this.query = query;
        this.settled = new Set();
        this._known = new Map();
        this._places = new Map();
        this._total = 0;
    }

    /** Return the address of something about a group, or of the page. */
    address(path, more = {}) {
        const all = new URLSearchParams(this.query);
        for (const [name, value] of Object.entries(more)) {
            all.set(name, value);
        }
        const text = all.toString();
        return text ? `${path}?${text}` : path;
    }

    /** Return a group, fetched before or now. */
    get(id) {
        let coming = this._known.get(id);
        if (coming === undefined) {
            coming = getJson(this.address(`/api/groups/${id}`)).then((group) => {
                preload(group);
                return group;
            });
            this._known.set(id, coming);
            coming.catch(() => this._known.delete(id));
        }
        return coming;
    }

    /** Ask for a group anew the next time. */
    forget(id) {
        this._known.delete(id);
    }

    /** Fetch the groups that come after one, and their pictures. */
    lookAhead(group) {
        for (const id of group.position.following) {
            this.get(id).catch(() => {});
        }
    }

    /** Return the group after one; null if nothing is known to follow. */
    after(group) {
        const here = this._places.get(group.id);
        if (group.position.number === null && here !== undefined) {
            // It is decided, and so no part of the queue any more; this session knows what came after it.
            const later = [...this._places].filter(([id, number]) => number > here && !this.settled.has(id));
            if (later.length > 0) {
                return later.reduce((nearest, one) => (one[1] < nearest[1] ? one : nearest))[0];
            }
        }
        return group.position.following.find((id) => !this.settled.has(id)) ?? null;
    }

    /** Return the group before one; null at the beginning. */
    before(group) {
        const id = group.position.previous;
        return id === null || this.settled.has(id) ? null : id;
    }

    /** Note that one group was left for the one after it (1) or before it (-1): so it is counted. */
    step(group, id, by) {
        const number = this.place(group).number;
        if (number !== null && !this._places.has(id)) {
            this._places.set(id, number + by);
        }
    }

    /** Return where a group stands as this session counts: what is settled does not change the numbers of the others. */
    place(group) {
        const { number, total } = group.position;
        this._total = Math.max(this._total, total);
        if (number !== null && !this._places.has(group.id)) {
            this._places.set(group.id, number);
        }
        return { number: this._places.get(group.id) ?? null, total: this._total };
    }
}
