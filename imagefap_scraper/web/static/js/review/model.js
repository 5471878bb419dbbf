// What is chosen about one group, before it is sent. Pictures are named by their numbers.
import { postJson } from "../http.js";
import { firstSign } from "../keys.js";
import { prefers } from "../preferences.js";

const LETTERS = { keep: "Keep", skip: "To the trash", false: "Not the same", variant: "Variant" };

function forOne() {
    const keys = ["keep", "skip", "false"].map((id) => firstSign("review", id)).filter((sign) => sign !== "");
    return keys.length ? `, or ${keys.join(", ")} for one picture` : "";
}

/** The choices about one group; `onchange` is called whenever they, or the line that tells what they do, change. */
export class Model {
    constructor(group) {
        this.group = group;
        this.verdicts = new Map();
        this.variants = new Set();
        this.keeper = null;
        this.touched = false;
        // Whether what goes is thrown out at the end: as the line says, whatever the user prefers meanwhile.
        this.later = prefers("review-collect");
        this.onchange = null;
        this._settle(Promise.resolve(this._suggested()));
    }

    /** Whether it can be sent: what was chosen may be, also before the words for it are here; the server looks again. */
    get canSend() {
        return this.line.ok || (this.line.pending === true && this.touched && this.verdicts.size > 0);
    }

    /** Ask again what would be done, if the server could not say. */
    askAgain() {
        if (this.line.mayPass) {
            this._foretell();
        }
    }

    /** Throw out at the end, or at once, as the user prefers now. */
    heed() {
        if (this.later !== prefers("review-collect")) {
            this.later = !this.later;
            this._foretell();
        }
    }

    /** Take the group as it is now, and keep what was chosen. */
    renew(group) {
        this.group = group;
        this._foretell();
    }

    /** Return a member by its number. */
    member(number) {
        return this.group.members[number - 1];
    }

    /** Numbers of the pictures that are asked about; of all that are there, if none is. */
    get asked() {
        const live = this.group.members.filter((one) => one.state === "live");
        const asked = live.filter((one) => one.asked);
        return (asked.length ? asked : live).map((one) => one.number);
    }

    /** Make one the keeper; the others that are asked about go to the trash. */
    keepOnly(number) {
        this._start();
        this._give(number, "keep");
        this.keeper = number;
        for (const other of this.asked) {
            if (other !== number) {
                this._give(other, "skip");
            }
        }
        this._foretell();
    }

    /** Give one picture a verdict: keep, skip or false. */
    give(number, verdict) {
        if (!this.touched) {
            this._start();
        }
        this._give(number, verdict);
        if (verdict === "keep" && this.keeper === null) {
            this.keeper = number;
        } else if (this.keeper === number && verdict !== "keep") {
            this.keeper = [...this.verdicts].find(([other, given]) => given === "keep" && !this.variants.has(other))?.[0] ?? null;
        }
        this._foretell();
    }

    /** Give all that are asked about the same verdict. */
    giveAll(verdict) {
        this._start();
        for (const number of this.asked) {
            this._give(number, verdict);
        }
        this.keeper = verdict === "keep" ? this._lead() : null;
        this._foretell();
    }

    /** Keep all: one, and the others as its variants. */
    keepVariants() {
        this._start();
        this.keeper = this._lead();
        for (const number of this.asked) {
            this._give(number, "keep");
            if (number !== this.keeper) {
                this.variants.add(number);
            }
        }
        this._foretell();
    }

    /** Return what becomes of a picture, in words; empty if nothing is said of it. */
    word(number) {
        const member = this.member(number);
        if (member.state !== "live") {
            return member.state === "purged" ? "Deleted" : "In the trash";
        }
        if (this.variants.has(number)) {
            return LETTERS.variant;
        }
        return LETTERS[this.verdict(number)] ?? "";
    }

    /** Return "keep", "skip", "false", or "" of a picture, as chosen or else as suggested. */
    verdict(number) {
        if (this.touched) {
            return this.verdicts.get(number) ?? "";
        }
        return this.group.accept?.verdicts[this.member(number).sha256] ?? "";
    }

    /** What is sent: the keeper comes first. */
    get payload() {
        if (!this.touched) {
            return { rev: this.group.rev, verdicts: this.group.accept?.verdicts ?? {}, variants: [], later: this.later };
        }
        const order = [...this.verdicts.keys()].sort((one, other) => (other === this.keeper) - (one === this.keeper));
        const name = (number) => this.member(number).sha256;
        return {
            rev: this.group.rev,
            verdicts: Object.fromEntries(order.map((number) => [name(number), this.verdicts.get(number)])),
            variants: [...this.variants].map(name),
            later: this.later,
        };
    }

    /** The picture that would be kept, the first one if that is not said. */
    get kept() {
        return (this.touched ? this.keeper : null) ?? this._lead();
    }

    _lead() {
        return this.keeper ?? this.group.suggestion ?? this.asked[0] ?? 1;
    }

    _start() {
        this.touched = true;
        this.verdicts.clear();
        this.variants.clear();
        this.keeper = null;
    }

    _give(number, verdict) {
        if (this.member(number).state === "live") {
            this.verdicts.set(number, verdict);
            this.variants.delete(number);
        }
    }

    _suggested() {
        const accept = this.group.accept;
        if (accept) {
            return { ok: true, text: this.later ? accept.text_later : accept.text };
        }
        if (this.group.state === "decided" || this.group.state === "applied") {
            return { ok: false, text: "This is decided already. Undo takes it back; or choose again with 1 to 9." };
        }
        const why = this.group.guards.length ? ` (${inBrackets(this.group.guards[0])})` : "";
        return { ok: false, text: `Nothing is suggested${why}: choose with 1 to 9${forOne()}.` };
    }

    _foretell() {
        if (!this.touched) {
            this._settle(Promise.resolve(this._suggested()));
            return;
        }
        if (this.verdicts.size === 0) {
            this._settle(Promise.resolve({ ok: false, text: "This picture is not there any more, so it cannot be chosen." }));
            return;
        }
        const asking = postJson(`/api/groups/${this.group.id}/preview`, this.payload);
        this._settle(
            asking.then(
                (answer) => ({ ok: true, text: answer.text }),
                (error) => ({ ok: false, text: error.message, conflict: error.isConflict, mayPass: error.mayPass }),
            ),
        );
    }

    /** `line` is what Enter would do, as soon as that is known; of two answers under way the later one counts. */
    _settle(coming) {
        this.line = { ok: false, text: "…", pending: true };
        const mine = coming.then((line) => {
            if (this._coming === mine) {
                this.line = line;
                this.onchange?.();
            }
        });
        this._coming = mine;
        this.onchange?.();
    }
}

/** A sentence as it stands within another; a word of capitals stays as it is. */
function inBrackets(sentence) {
    return sentence.replace(/\.$/, "").replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}
