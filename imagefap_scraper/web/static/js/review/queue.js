// The queue as the server has it: groups are fetched before they are looked at, and left out once they are settled.
import { getJson } from "../http.js";
import { preload } from "./pictures.js";

/** The groups of a review, by the query of its address. */
export class Queue {
    constructor(query) {
        this.query = query;
        this.settled = new Set();
        this._known = new Map();
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
            const count = this.settled.size;
            coming = getJson(this.address(`/api/groups/${id}`)).then((group) => {
                preload(group);
                return { ...group, settledBefore: count };
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
        return group.position.following.find((id) => !this.settled.has(id)) ?? null;
    }

    /** Return the group before one; null at the beginning. */
    before(group) {
        const id = group.position.previous;
        return id === null || this.settled.has(id) ? null : id;
    }

    /** Return where a group stands, those settled in this session counted: {number, total}. */
    place(group) {
        const { number, total } = group.position;
        return { number: number === null ? null : number + group.settledBefore, total: total + group.settledBefore };
    }
}
