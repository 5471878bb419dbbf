// How long a group takes, and how long the rest will.

const LONGEST = 60;
const COUNTED = 20;

/** Counts seconds between a group shown and decided; the last twenty make the estimate. */
export class Pace {
    constructor() {
        this._seconds = [];
        this._start = performance.now();
    }

    /** A group is shown. */
    begin() {
        this._start = performance.now();
    }

    /** It is decided. A break is no decision: it counts as a minute at most. */
    end() {
        this._seconds.push(Math.min(LONGEST, (performance.now() - this._start) / 1000));
        this._seconds.splice(0, this._seconds.length - COUNTED);
    }

    /** Return the words, given how many groups are left; empty before the first decision. */
    text(left) {
        if (this._seconds.length === 0) {
            return "";
        }
        const each = this._seconds.reduce((sum, one) => sum + one, 0) / this._seconds.length;
        const minutes = Math.ceil((each * left) / 60);
        const rest = minutes > 90 ? `${(minutes / 60).toFixed(1)} hours` : `${minutes} min`;
        return `${each.toFixed(1)} s each, about ${rest} left`;
    }
}
