// One picture over the whole window: previous and next across the view, zoom, facts, slideshow.
import { damageOf, whyNotShown } from "./damage.js";
import { showDialog } from "./dialogs.js";
import { button, make } from "./dom.js";
import { FactsPanel } from "./facts_panel.js";
import { setUpLightboxKeys, setUpSwipe } from "./lightbox_keys.js";
import { Slideshow } from "./slideshow.js";
import { openTagging } from "./tagging.js";
import { announce } from "./toast.js";
import { Zoom } from "./zoom.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
/** Before the server is asked to read a whole file again: who turns pages fast asks for none of them. */
const REST_MS = 400;

/** Tells of "closed" (detail: the number of the last picture) and "shown" (the number) by events. */
export class Lightbox extends EventTarget {
    constructor(pictures) {
        super();
        this.pictures = pictures;
        this.index = 0;
        this.picture = null;
        /** Tells whether a picture is selected, by its number. */
        this.isSelected = () => false;
        this.zoom = new Zoom();
        this.slideshow = new Slideshow(this);
        this.panel = new FactsPanel();
        /** Whether the file of the picture is not as it was stored. */
        this._lost = false;
        /** How often that was so, by SHA-256. */
        this._losses = new Map();
        this._look = new AbortController();
        this._build();
        setUpLightboxKeys(this);
        setUpSwipe(this, this._stage);
        document.addEventListener("retry-over", () => this._retried());
    }

    get isOpen() {
        return this._dialog.open;
    }

    /** Show the picture at a place of the view. */
    async open(index) {
        if (!this.isOpen) {
            showDialog(this._dialog);
            this.zoom.add(this._frame);
        }
        await this.show(index);
    }

    /** Close it; whoever opened it hears where it was. */
    close() {
        if (this.isOpen) {
            this._dialog.close();
        }
    }

    /** Go some pictures on, or back; at the ends nothing happens. Return whether there was one. */
    async step(by) {
        const index = this.index + by;
        if (index < 0 || index >= this.pictures.total) {
            return false;
        }
        await this.show(index);
        return true;
    }

    /** Show a picture: its place is blank until it is decoded, never the one before. */
    async show(index) {
        this.index = index;
        this.picture = null;
        this._blank();
        this._where.textContent = `${(index + 1).toLocaleString("en")} of ${this.pictures.total.toLocaleString("en")}`;
        // They keep the focus at the ends.
        this._previous.setAttribute("aria-disabled", String(index === 0));
        this._next.setAttribute("aria-disabled", String(index >= this.pictures.total - 1));
        let picture = null;
        try {
            picture = await this.pictures.wait(index);
        } catch (error) {
            if (this.index === index) {
                this._say(error.message);
            }
            return;
        }
        if (this.index !== index || !this.isOpen || picture === null) {
            return;
        }
        this.picture = picture;
        this._title.textContent = picture.name;
        this.panel.show(picture.id);
        this.markSelected();
        this.dispatchEvent(new CustomEvent("shown", { detail: index }));
        announce(`${picture.alt}, ${this._where.textContent}`);
        await this._load(picture, index);
        this._preload(index);
    }

    /** Show what has changed meanwhile of the picture that is open: a retry may have brought it. */
    async refresh() {
        const fresh = this.pictures.at(this.index);
        if (this.isOpen && fresh !== null && fresh.id === this.picture?.id && fresh.status !== this.picture.status) {
            await this.show(this.index);
        }
    }

    /** Select the picture, or no longer; whoever keeps the selection hears of it. */
    select() {
        this.dispatchEvent(new CustomEvent("pick", { detail: { id: this.picture.id, index: this.index } }));
    }

    /** Say whether the picture is selected. */
    markSelected() {
        this._selectButton.setAttribute("aria-pressed", String(this.picture !== null && this.isSelected(this.picture.id)));
    }

    /** Ask for tags of the picture. */
    tag() {
        openTagging({ images: [this.picture.id] }, { onDone: () => this.panel.renew() });
    }

    toggleFacts() {
        this._factsButton.setAttribute("aria-pressed", String(this.panel.toggle()));
    }

    async _load(picture, index) {
        if (picture.full === null) {
            this._refuse(picture);
            return;
        }
        const still = isStill(picture);
        await this._paint(this._address(picture, still), picture, index);
        if (still && this.index === index && this.picture === picture) {
            this._stage.append(this._playButton(picture, index));
        }
    }

    /** Return the address of a picture: another one once its file was lost, for a page keeps what it has shown. */
    _address(picture, still) {
        const address = still ? `/previews/${picture.sha256}` : picture.full;
        const losses = this._losses.get(picture.sha256);
        return losses === undefined ? address : `${address}?again=${losses}`;
    }

    async _paint(address, picture, index) {
        const image = make("img", { alt: picture.alt, draggable: "false" });
        image.src = address;
        try {
            await image.decode();
        } catch {
            if (this.index === index && this.picture === picture) {
                await this._explain(address, picture);
            }
            return;
        }
        if (this.index !== index || this.picture !== picture) {
            return;
        }
        this._leave();
        this._said.replaceChildren();
        this._frame.replaceChildren(image);
        this._stage.removeAttribute("aria-busy");
        this.zoom.reset();
        this.slideshow.arrived();
        this._lookAt(picture, this._look.signal);
    }

    /** Ask no more about what was shown. */
    _leave() {
        this._look.abort();
        this._look = new AbortController();
        this._lost = false;
        this._said.classList.remove("beside");
    }

    /** Say why a picture cannot be shown. */
    async _explain(address, picture) {
        const { signal } = this._look;
        const label = "This picture cannot be shown.";
        let why;
        try {
            why = (await whyNotShown(picture.id, address, label)) ?? { label, reason: "The browser does not know its format." };
        } catch (error) {
            why = { label, reason: error.message };
        }
        if (!signal.aborted) {
            this._lose(picture, why);
        }
    }

    /** Ask whether the file of a picture is as it was stored, once that has been looked at for a moment. */
    async _lookAt(picture, signal) {
        await rest(REST_MS);
        const damage = signal.aborted ? null : await damageOf(picture.id, signal).catch(() => null);
        if (damage !== null && !signal.aborted) {
            this._lose(picture, damage);
            this._said.classList.add("beside");
            announce(`${damage.label}. ${damage.reason}`);
        }
    }

    _lose(picture, why) {
        this._lost = true;
        this._losses.set(picture.sha256, (this._losses.get(picture.sha256) ?? 0) + 1);
        this._refuse({ id: picture.id, ...why });
    }

    /** A retry has ended: what was lost may be back. */
    _retried() {
        if (this.isOpen && this._lost) {
            this.show(this.index);
        }
    }

    _playButton(picture, index) {
        let plays = false;
        const play = button("Play", () => {
            plays = !plays;
            play.textContent = plays ? "Stop" : "Play";
            this._paint(this._address(picture, !plays), picture, index);
        });
        play.className = "play";
        return play;
    }

    /** Fetch the neighbours, so that the next step is quick. */
    async _preload(index) {
        for (const near of [index + 1, index - 1]) {
            const picture = await this.pictures.wait(near).catch(() => null);
            if (picture !== null && picture.full !== null && this.index === index) {
                new Image().src = this._address(picture, isStill(picture));
            }
        }
    }

    _blank() {
        this._leave();
        this._frame.replaceChildren();
        this._stage.querySelector(".play")?.remove();
        this._title.textContent = "";
        this._said.replaceChildren(make("span", { class: "spinner", role: "img", "aria-label": "Loading" }));
        this._stage.setAttribute("aria-busy", "true");
    }

    _say(...lines) {
        this._stage.removeAttribute("aria-busy");
        this._said.replaceChildren(...lines.filter(Boolean).map((line) => make("p", {}, make("bdi", {}, line))));
        this.slideshow.arrived();
    }

    _refuse(picture) {
        this._say(picture.label, picture.reason);
        if (picture.retry) {
            const form = make("form", { class: "retry", method: "post", action: `/images/${picture.id}/retry` });
            form.append(make("button", {}, "Retry"));
            this._said.append(form);
        }
    }

    _build() {
        this._title = make("bdi");
        this._where = make("span", { class: "where" });
        this._previous = button("‹", () => this.step(-1), { "aria-label": "Previous picture", title: "Previous (←)" });
        this._next = button("›", () => this.step(1), { "aria-label": "Next picture", title: "Next (→)" });
        this._factsButton = button("Facts", () => this.toggleFacts(), { "aria-pressed": "false", title: "Facts (i)" });
        const title = make("h2", { id: "lightbox-name" }, this._title);
        const bar = make("div", { class: "bar" }, title, this._where, this._previous, this._next, ...this._zoomButtons());
        this._selectButton = button("Select", () => this.picture && this.select(), { "aria-pressed": "false", title: "Select (x)" });
        const tag = button("Tag…", () => this.picture && this.tag(), { title: "Tag (t)" });
        bar.append(...this.slideshow.controls, this._selectButton, tag, this._factsButton);
        bar.append(button("✕", () => this.close(), { "aria-label": "Close", title: "Close (Esc)" }));
        this._frame = make("div", { class: "frame" });
        this._said = make("div", { class: "said" });
        // It has the focus at first: Space is for the slideshow, not for the first button.
        this._stage = make("div", { class: "stage", tabindex: -1, autofocus: true }, this._frame, this._said);
        const attributes = { class: "lightbox", "data-keys": "lightbox", "aria-labelledby": "lightbox-name" };
        this._dialog = make("dialog", attributes, bar, this._stage, this.panel.element);
        this._dialog.addEventListener("close", () => this._closed());
        document.body.append(this._dialog);
    }

    _zoomButtons() {
        return [
            button("−", () => this.zoom.out(), { "aria-label": "Smaller", title: "Smaller (-)" }),
            button("+", () => this.zoom.in(), { "aria-label": "Larger", title: "Larger (+)" }),
            button("1:1", () => this.zoom.toggle(), { "aria-label": "Fit, or actual size", title: "Fit, or actual size (z)" }),
        ];
    }

    _closed() {
        this._leave();
        this.slideshow.stop();
        this.zoom.remove(this._frame);
        this._frame.replaceChildren();
        this.picture = null;
        this.dispatchEvent(new CustomEvent("closed", { detail: this.index }));
    }
}

/** Whether a picture moves and is not to, before that is asked for. */
function isStill(picture) {
    return picture.animated && calm.matches;
}

function rest(milliseconds) {
    return new Promise((resolve) => {
        setTimeout(resolve, milliseconds);
    });
}
