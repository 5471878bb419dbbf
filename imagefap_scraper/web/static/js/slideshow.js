// The slideshow of the lightbox: one picture after the other, each for the same time once it is there.
import { button, make } from "./dom.js";
import { announce } from "./toast.js";

const SECONDS = [1, 2, 3, 5, 8, 15, 30];
const USUAL = 5;
const KEY = "slideshow-seconds";

export class Slideshow {
    constructor(box) {
        this._box = box;
        this._timer = null;
        this._runs = false;
        this._button = button("Slideshow", () => this.toggle(), { "aria-pressed": "false", title: "Slideshow (Space)" });
        this._speed = make("select", { "aria-label": "Seconds a picture" });
        for (const seconds of SECONDS) {
            this._speed.append(make("option", { value: seconds }, `${seconds} s`));
        }
        const kept = Number(localStorage.getItem(KEY));
        this._speed.value = String(SECONDS.includes(kept) ? kept : USUAL);
        this._speed.addEventListener("change", () => this._changed());
        document.addEventListener("blanked", (event) => event.detail && this.stop());
    }

    /** What the bar shows. */
    get controls() {
        return [this._button, this._speed];
    }

    toggle() {
        if (this._runs) {
            this.stop();
            announce("Slideshow paused");
        } else {
            this._runs = true;
            this._show();
            announce("Slideshow");
            this.arrived();
        }
    }

    stop() {
        this._runs = false;
        clearTimeout(this._timer);
        this._show();
    }

    /** A picture is there, or will never be: from now on its time runs. */
    arrived() {
        clearTimeout(this._timer);
        if (this._runs) {
            this._timer = setTimeout(() => this._next(), 1000 * Number(this._speed.value));
        }
    }

    slower() {
        this._choose(1);
    }

    faster() {
        this._choose(-1);
    }

    _choose(step) {
        const place = SECONDS.indexOf(Number(this._speed.value)) + step;
        this._speed.value = String(SECONDS[Math.min(SECONDS.length - 1, Math.max(0, place))]);
        announce(`${this._speed.value} seconds a picture`);
        this._changed();
    }

    _changed() {
        localStorage.setItem(KEY, this._speed.value);
        this.arrived();
    }

    async _next() {
        if (this._runs && !(await this._box.step(1))) {
            this.stop();
            announce("That was the last picture");
        }
    }

    _show() {
        this._button.setAttribute("aria-pressed", String(this._runs));
        this._button.textContent = this._runs ? "Pause" : "Slideshow";
    }
}
