// A square of both pictures at one point, each pixel of the larger one shown as it is.

const SIDE = 220;

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
        const { cx, cy } = this._stage.zoom.state;
        this._show({ x: cx, y: cy });
    }

    _follow(event) {
        const frame = event.target.closest?.(".frame");
        if (this.isOpen && frame?.querySelector("img")) {
            this._show(this._stage.zoom.under(frame, event.clientX, event.clientY));
        }
    }

    _show({ x, y }) {
        const images = [...this._box.querySelectorAll("img")];
        // The same part of both: the smaller picture is enlarged to the size of the larger.
        const width = Math.max(...images.map((image) => image.naturalWidth), 1) / devicePixelRatio;
        for (const image of images) {
            const height = (width * image.naturalHeight) / (image.naturalWidth || 1);
            image.style.width = `${width}px`;
            image.style.height = `${height}px`;
            image.style.transform = `translate(${SIDE / 2 - x * width}px, ${SIDE / 2 - y * height}px)`;
        }
    }
}

function square(member) {
    const figure = document.createElement("figure");
    const window = document.createElement("div");
    window.className = "loupe-window";
    const image = document.createElement("img");
    image.alt = `Part of picture ${member.number}, at full size`;
    image.src = member.source;
    window.append(image);
    const words = document.createElement("figcaption");
    words.textContent = `Picture ${member.number}`;
    figure.append(window, words);
    return figure;
}
