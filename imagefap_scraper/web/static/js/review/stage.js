// The pictures, compared in one of five ways; all frames share one zoom.
import { Zoom } from "../zoom.js";
import { difference, flip, slider, stacked } from "./overlay.js";
import { caption } from "./captions.js";
import { place, replay } from "./pictures.js";

/** The ways to compare, by name: label and whether it lays two pictures on each other. */
export const MODES = {
    two: { label: "Side by side", overlays: false },
    grid: { label: "Grid", overlays: false },
    flip: { label: "Flip", overlays: true },
    slider: { label: "Slider", overlays: true },
    difference: { label: "Difference", overlays: true },
};
const MOST_IN_GRID = 9;
const narrow = matchMedia("(max-width: 699px)");

/** Shows the pictures of a model. */
export class Stage {
    constructor(root, onfocus, onkeep) {
        this.root = root;
        this.zoom = new Zoom();
        this.wanted = "two";
        this.model = null;
        this.focus = 1;
        this.swapped = false;
        this.split = 50;
        this.playing = false;
        this._onfocus = onfocus;
        this._onkeep = onkeep;
        this._frames = [];
        narrow.addEventListener("change", () => this.draw());
    }

    /** The way that is shown: narrow screens have room for one picture. */
    get mode() {
        const beside = !MODES[this.wanted].overlays;
        return narrow.matches && beside ? "flip" : this.wanted;
    }

    /** Show a group: as a whole, not playing; the way of comparing stays. */
    show(model) {
        this.model = model;
        this.focus = model.kept;
        this.lead = model.kept;
        this._other = 0;
        this.swapped = false;
        this.playing = false;
        this.zoom.reset();
        this.draw();
    }

    /** The numbers of the two that are compared, the lower first. */
    get pair() {
        const count = this.model.group.members.length;
        const other = this.focus !== this.lead ? this.focus : this._other;
        const second = other || (this.lead % count) + 1;
        return [this.lead, second].sort((one, two) => one - two);
    }

    /** The number of the picture on top, where two lie on each other. */
    get top() {
        const [first, second] = this.pair;
        const start = this.focus === second ? second : first;
        return this.swapped ? first + second - start : start;
    }

    /** Compare in another way. */
    setMode(mode) {
        this.wanted = mode;
        this.draw();
    }

    /** Look at a picture, by its number. */
    look(number) {
        const shown = this._shown().join();
        if (number !== this.lead) {
            this._other = number;
        }
        this.focus = number;
        this.swapped = false;
        if (this._shown().join() === shown) {
            this._turnOver();
        } else {
            this.draw();
        }
        this._onfocus();
    }

    /** Show the other one of the two; in the ways that show both, change to flipping. */
    flip() {
        if (this.mode !== "flip") {
            this.wanted = "flip";
            this.draw();
        }
        this.swapped = !this.swapped;
        this._turnOver();
        this._onfocus();
    }

    /** Move the slider, in percent of the width. */
    slide(by) {
        this.split = Math.min(100, Math.max(0, this.split + by));
        this._box?.setSplit?.(this.split);
    }

    /** Play animations from their beginning, or show their first frames. */
    async play() {
        this.playing = !this.playing;
        if (this.playing) {
            await replay(this.model.group.members.filter((one) => one.animated && one.source));
        }
        this.draw();
    }

    /** Say anew what becomes of each picture. */
    mark() {
        for (const box of this.root.querySelectorAll("[data-number]")) {
            caption(box, this.model, Number(box.dataset.number), this.focus, this._onkeep);
        }
    }

    /** Lay out everything. */
    draw() {
        for (const frame of this._frames) {
            this.zoom.remove(frame);
        }
        this._frames = [];
        this.root.replaceChildren();
        this.root.dataset.mode = this.mode;
        this._box = null;
        if (MODES[this.mode].overlays) {
            this._overlay();
        } else {
            this._beside(this._shown());
        }
        for (const frame of this._frames) {
            this.zoom.add(frame);
        }
        this.mark();
    }

    _shown() {
        return this.mode === "grid" ? this._inGrid() : this.pair;
    }

    _inGrid() {
        const all = this.model.group.members.map((one) => one.number);
        const start = Math.max(0, Math.min(this.focus - 1 - MOST_IN_GRID / 2, all.length - MOST_IN_GRID));
        return all.slice(Math.floor(start), Math.floor(start) + MOST_IN_GRID);
    }

    _beside(numbers) {
        this.root.style.setProperty("--columns", String(Math.ceil(Math.sqrt(numbers.length))));
        for (const number of new Set(numbers)) {
            const pane = this._pane([number]);
            const frame = pane.querySelector(".frame");
            place(frame, this.model.member(number), { playing: this.playing, onready: () => this.zoom.refresh() });
            frame.addEventListener("click", () => this.look(number));
        }
    }

    _overlay() {
        const pair = this.pair;
        const pane = this._pane(pair);
        const frame = pane.querySelector(".frame");
        stacked(frame, this.model, pair, this.playing, () => {
            this.zoom.refresh();
            this._turnOver();
        });
        const kinds = { flip, slider, difference };
        this._box = kinds[this.mode](pane, frame, this.model.group, pair, (split) => {
            this.split = split;
        });
        this._box.setSplit?.(this.split);
        this._turnOver();
    }

    _turnOver() {
        if (this._box?.setTop) {
            this._box.setTop(this.top);
        }
        this.mark();
    }

    _pane(numbers) {
        const pane = document.createElement("div");
        pane.className = "pane";
        const frame = document.createElement("div");
        frame.className = "frame";
        pane.append(frame);
        for (const number of new Set(numbers)) {
            const box = document.createElement("div");
            box.className = "caption";
            box.dataset.number = String(number);
            pane.append(box);
        }
        this.root.append(pane);
        this._frames.push(frame);
        return pane;
    }
}
