// What happens between a key and the next group: choices, what is sent, and what comes back.
import { prefers } from "../preferences.js";
import { announce, toast } from "../toast.js";
import { remember, rememberedGroup, rememberedMode, rememberMode } from "./address.js";
import { showFacts } from "./facts.js";
import { filmstrip } from "./filmstrip.js";
import { showLine, showPlace } from "./head.js";
import { Loupe } from "./loupe.js";
import { Model } from "./model.js";
import { hideNotice, showNotice, showSending, showUnsent } from "./notices.js";
import { Pace } from "./pace.js";
import { Queue } from "./queue.js";
import { Sending, takenBack } from "./sending.js";
import { MODES, Stage } from "./stage.js";

const DECIDED = new Set(["decided", "applied"]);

/** The review screen. */
export class Review {
    constructor(root) {
        this.root = root;
        this.queue = new Queue(root.dataset.query);
        this.sending = new Sending();
        this.pace = new Pace();
        this.stage = new Stage(
            document.getElementById("stage"),
            () => this._focusMoved(),
            (number) => this.pick(number),
        );
        this.loupe = new Loupe(this.stage);
        this.models = new Map();
        this.model = null;
        this.onchange = null;
        addEventListener("popstate", () => this._goBack());
        document.addEventListener("server-there", () => this.model?.askAgain());
        root.addEventListener("click", (event) => this._clicked(event));
    }

    /** Show the first group, in the way of comparing that the address names. */
    start(id) {
        const mode = rememberedMode();
        this.stage.wanted = mode in MODES ? mode : "two";
        this.show(id, { replace: true });
    }

    get group() {
        return this.model.group;
    }

    /** Show a group. What was chosen about it before, and not sent, is there again. */
    async show(id, { replace = false, keep = false } = {}) {
        this._wanted = id;
        let group;
        try {
            group = await this.queue.get(id);
        } catch (error) {
            if (this._wanted === id) {
                this._cannotShow(id, error);
            }
            return;
        }
        if (this._wanted !== id) {
            return;
        }
        if (!keep) {
            remember(id, replace || this.model?.group.id === id);
        }
        this._paint(group);
        this.queue.lookAhead(group);
    }

    /** Send what the line says, and go on; nothing happens while it says that nothing can be done. */
    accept() {
        const model = this.model;
        if (this._sent === model) {
            return;
        }
        if (!model.canSend) {
            announce(model.line.text);
            return;
        }
        const place = this.queue.place(model.group);
        const kept = model.touched ? model.keeper : model.group.suggestion;
        announce(`Group ${place.number ?? model.group.id} of ${place.total}${kept ? `, kept picture ${kept}` : ", kept all"}.`);
        this._leave(model, "decide", model.payload);
    }

    /** Put the group aside: until the next search, or for a month. */
    defer(until) {
        if (this._sent !== this.model) {
            this._leave(this.model, "defer", { until });
        }
    }

    /** Make one the keeper; if it is that already by the same key, accept. */
    pick(number) {
        if (number > this.group.members.length) {
            return;
        }
        if (this.model.touched && this.model.keeper === number && this._picked === number) {
            this.accept();
            return;
        }
        this.model.keepOnly(number);
        this._picked = number;
        if (this.model.member(number).state === "live") {
            this.stage.look(number);
        }
        if (prefers("review-at-once")) {
            this.accept();
        }
    }

    /** Change what is chosen, by a function of the model. */
    choose(change) {
        this._picked = null;
        change(this.model);
    }

    /** Look at the next or the previous picture of the group. */
    move(by) {
        const count = this.group.members.length;
        this.stage.look(((this.stage.focus - 1 + by + count) % count) + 1);
    }

    /** Go to the group after this one, or before it; decides nothing. */
    async go(by) {
        const id = by > 0 ? this.queue.after(this.group) : this.queue.before(this.group);
        if (id !== null) {
            this.queue.step(this.group, id, by);
            this.show(id);
        } else if (by > 0) {
            await this._end();
            if (this.sending.unsent.size > 0) {
                toast("This is the last group; some decisions were not sent yet.");
            }
        } else {
            toast("This is the first group.");
        }
    }

    /** Compare in another way; the address says so. */
    setMode(mode) {
        this.stage.setMode(mode);
        this._modeChanged();
    }

    /** Show the other picture of the two. */
    flip() {
        this.stage.flip();
        this._modeChanged();
    }

    /** Fetch the group anew; choices are dropped if it has changed. */
    async reload() {
        this._drop(this.group.id);
        await this.show(this.group.id, { keep: true });
    }

    /** Show a group whose decision was taken back; the group looked at, if it is not known which that was. */
    comeBack(id) {
        if (id === null) {
            this.reload();
            return;
        }
        this.queue.settled.delete(id);
        this._drop(id);
        this.show(id);
    }

    /** A batch about a group was taken back by its toast: show that group. */
    undone(done, undone) {
        takenBack(done.batch, undone.batch, done.group);
        this.comeBack(done.group);
    }

    /** Leave for the queue, when all is sent. */
    async leave() {
        await this.sending.finish();
        location.assign(this.queue.address("/duplicates"));
    }

    _drop(id) {
        this.models.delete(id);
        this.queue.forget(id);
        // What is looked at is not kept either.
        this._sent = this.group.id === id ? this.model : null;
    }

    _leave(model, what, body) {
        const id = model.group.id;
        this._sent = model;
        this.pace.end();
        this.queue.settled.add(id);
        const next = this.queue.after(model.group);
        const address = this.queue.address(`/api/groups/${id}/${what}`);
        const sent = this.sending.send(address, body, id);
        sent.then(
            (answer) => this._answered(id, answer),
            (error) => this._failed(model, error),
        );
        if (next === null) {
            // What is refused is shown instead.
            sent.then(() => this._end(), () => {});
            showSending(1);
        } else {
            this.queue.step(model.group, next, 1);
            this.show(next);
        }
    }

    _answered(id, answer) {
        this.queue.forget(id);
        this.models.delete(id);
        this.sending.unsent.delete(id);
        showUnsent(this.sending.unsent, (to) => this.show(to));
        const done = { batch: answer.batch, group: id };
        toast(answer.text, { undo: answer.batch, onUndone: (undone) => this.undone(done, undone) });
        if (this._wanted === id) {
            // Come back to before the answer was here: it is shown as it is now.
            this._drop(id);
            this.show(id, { keep: true });
        }
    }

    _failed(model, error) {
        const id = model.group.id;
        this.queue.settled.delete(id);
        this.models.set(id, model);
        if (this._sent === model) {
            this._sent = null;
        }
        model.conflict = error.isConflict;
        this.sending.unsent[error.mayPass ? "add" : "delete"](id);
        showUnsent(this.sending.unsent, (to) => this.show(to));
        toast(`Group ${id} was not decided: ${error.message}`, { wrong: true });
        this.show(id);
    }

    async _end() {
        await this.sending.finish();
        if (this.sending.unsent.size === 0) {
            location.assign(this.queue.address("/duplicates/review"));
        }
    }

    _paint(group) {
        if (this.model !== null) {
            this.model.onchange = null;
            this._keepChoices();
            if (this.model.group.id !== group.id) {
                this._giveUpFocus();
            }
        }
        if (DECIDED.has(group.state) && this.sending.unsent.delete(group.id)) {
            // It arrived after all, or somebody else decided.
            this.models.delete(group.id);
            showUnsent(this.sending.unsent, (to) => this.show(to));
        }
        this.model = this.models.get(group.id) ?? new Model(group);
        this.model.heed();
        if (this._sent !== this.model) {
            this._sent = null;
        }
        this._picked = null;
        hideNotice();
        this.stage.show(this.model);
        this.loupe.renew();
        this.model.onchange = () => this._chosen();
        this._chosen();
        showFacts(document.getElementById("facts"), group);
        showPlace(group, this.queue.place(group), this.pace);
        if (this.model.conflict) {
            this._conflict();
        }
        this.pace.begin();
    }

    /** A button that was clicked does not keep Enter: that belongs to the line. */
    _clicked(event) {
        const button = event.target.closest("button");
        if (event.detail > 0 && button !== null && button.closest("dialog, .toasts") === null) {
            this.stage.root.focus({ preventScroll: true });
        }
    }

    /** Nor does one that was pressed by key, once another group is shown. */
    _giveUpFocus() {
        const held = document.activeElement;
        if (held !== null && this.root.contains(held) && held.closest("button") !== null && held.closest("dialog, .toasts") === null) {
            this.stage.root.focus({ preventScroll: true });
        }
    }

    _keepChoices() {
        if (this.model.touched && this._sent !== this.model) {
            this.models.set(this.model.group.id, this.model);
        }
    }

    _chosen() {
        showLine(this.model.line);
        if (this.model.line.conflict) {
            this._conflict();
        }
        this.stage.mark();
        this._focusMoved();
        this.onchange?.();
    }

    _conflict() {
        showNotice("Changed by another tab or a search. Nothing of what you chose was done.", "Look again", () => this.reload());
    }

    _focusMoved() {
        filmstrip(document.getElementById("filmstrip"), this.model, this.stage.focus, (number) => this.stage.look(number));
        this.loupe.renew();
    }

    _cannotShow(id, error) {
        if (error.status === 404 && this.model !== null) {
            // It went together with another group.
            this.queue.settled.add(id);
            this._end();
            return;
        }
        showNotice(`Group ${id} cannot be shown: ${error.message}`, "Try again", () => this.show(id));
    }

    _modeChanged() {
        rememberMode(this.stage.wanted);
        this.loupe.renew();
        this.onchange?.();
    }

    _goBack() {
        this.show(rememberedGroup() || Number(this.root.dataset.group), { keep: true });
    }
}
