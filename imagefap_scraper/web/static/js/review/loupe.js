// A square of both pictures at one point, each pixel of the larger one shown as it is.
import { across, boxOf, pairOf, turnOf, wholeOf } from "./geometry.js";

/** Shows what lies under the pointer, or in the middle of the frame. */
export class Loupe {
    constructor(stage) {
        this._stage = stage;
        this._box = null;
        stage.root.addEventListener("pointermove", (event) => this._follow(event));
    }

    get isOpen() {
        return this._box !== null;
    }

    /** Open it, or close it. */
    toggle() {
        if (this.isOpen) {
            this.close();
            return;
        }
        this._box = document.createElement("div");
        this._box.className = "loupe";
        this._stage.root.after(this._box);
        this.renew();
    }

    close() {
        this._box?.remove();
        this._box = null;
    }

    /** Take the two pictures that are compared now. */
    renew() {
        if (!this.isOpen) {
            return;
        }
        this._box.replaceChildren();
        for (const number of this._stage.pair) {
            const member = this._stage.model.member(number);
            if (member.source) {
                this._box.append(square(member));
            }
        }
        const decision = document.querySelector(".decision");
        this._box.style.bottom = `${decision === null ? 0 : innerHeight - decision.getBoundingClientRect().top}px`;
        const { cx, cy } = this._stage.zoom.state;
        this._show(this._base(this._stage.root.querySelector(".pane")), { x: cx, y: cy });
    }

    _follow(event) {
        const frame = event.target.closest?.(".frame");
        if (this.isOpen && frame?.querySelector("img")) {
            // It does not lie on what is looked at.
            this._box.classList.toggle("left", event.clientX > innerWidth / 2);
            this._show(this._base(frame.closest(".pane")), this._stage.zoom.under(frame, event.clientX, event.clientY));
        }
    }

    /** The number of the picture in whose terms points of a pane are told. */
    _base(pane) {
        const numbers = [...(pane?.querySelectorAll("[data-number]") ?? [])].map((box) => Number(box.dataset.number));
        return numbers.length === 1 ? numbers[0] : wholeOf(this._pair, this._stage.pair[0]);
    }

    get _pair() {
        return pairOf(this._stage.model.group, this._stage.pair);
    }

    /** Show the same part of both, each pixel of the finer one as it is; the second as it lies on the first. */
    _show(base, at) {
        const pair = this._pair;
        const images = [...this._box.querySelectorAll("img")];
        const parts = images.map((image) => {
            const number = Number(image.dataset.member);
            const { turn, sideways } = turnOf(pair, number);
            const box = boxOf(pair, number);
            const share = box === null ? 1 : box[2] - box[0];
            const span = sideways ? image.naturalHeight : image.naturalWidth;
            return { image, turn, sideways, share, whole: span / share, at: across(pair, base, number, at) };
        });
        const width = Math.max(...parts.map((one) => one.whole), 1) / devicePixelRatio;
        for (const { image, turn, sideways, share, at: point } of parts) {
            const scale = (width * share) / ((sideways ? image.naturalHeight : image.naturalWidth) || 1);
            const size = { width: image.naturalWidth * scale, height: image.naturalHeight * scale };
            image.style.width = `${size.width}px`;
            image.style.height = `${size.height}px`;
            const move = `translate(${-point.x * size.width}px, ${-point.y * size.height}px)`;
            const middle = image.parentElement.clientWidth / 2;
            image.style.transform = `translate(${middle}px, ${middle}px) ${turn} ${move}`;
        }
    }
}

function square(member) {
    const figure = document.createElement("figure");
    const window = document.createElement("div");
    window.className = "loupe-window";
    const image = document.createElement("img");
    image.alt = `Part of picture ${member.number}, at full size`;
    image.dataset.member = String(member.number);
    image.src = member.source;
    window.append(image);
    const words = document.createElement("figcaption");
    words.textContent = `Picture ${member.number}`;
    figure.append(window, words);
    return figure;
}
