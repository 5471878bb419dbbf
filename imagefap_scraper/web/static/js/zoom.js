// One zoom for several pictures: what lies in the middle of one frame lies in the middle of all.
//
// A frame is an element with `overflow: hidden` that holds one or more `<img>`, each filling it (`object-fit: contain`).
// `{scale, cx, cy}` is relative: 1 fits the frame, and (cx, cy) is the point of the picture, 0 to 1, in the frame's middle.
// An image may say its true size (`data-width`, `data-height`, pixels; else that of its file), how it is turned back
// (`data-turn`, a CSS transform, with `data-sideways` for a quarter turn), and where it lies as a part of a whole
// (`data-part`, left, top, right, bottom, 0 to 1, with `data-whole-width` and `data-whole-height`).

const STEP = 1.25;
/** How far a key moves what is seen: a part of the frame. */
const NUDGE = 0.2;
const MOST = 40;
const FIT = { scale: 1, cx: 0.5, cy: 0.5 };

/** Return the actions that move a zoomed picture by keys. */
export function panning(zoom) {
    const move = (id, across, down) => ({ id, repeats: true, when: () => zoom.isClose, run: () => zoom.nudge(across * NUDGE, down * NUDGE) });
    return [move("pan-left", -1, 0), move("pan-right", 1, 0), move("pan-up", 0, -1), move("pan-down", 0, 1)];
}

/** Zoom and pan, shared by all frames that are added. */
export class Zoom {
    constructor() {
        /** Called with the state after every change. */
        this.onchange = null;
        this._state = { ...FIT };
        this._frames = new Map();
        this._sizes = new ResizeObserver(() => this._paint());
    }

    /** The scale (1 fits the frame) and the point of the picture in the middle, each coordinate 0 to 1. */
    get state() {
        return { ...this._state };
    }

    /** Zoom the images of an element together with those of the others. */
    add(frame) {
        if (this._frames.has(frame)) {
            return;
        }
        const stop = new AbortController();
        this._frames.set(frame, stop);
        this._sizes.observe(frame);
        listen(this, frame, stop.signal);
        // An image that arrives later brings its size.
        frame.addEventListener("load", () => this._paint(), { capture: true, signal: stop.signal });
        this._paint();
    }

    /** Leave an element alone from now on. */
    remove(frame) {
        this._frames.get(frame)?.abort();
        this._frames.delete(frame);
        this._sizes.unobserve(frame);
        for (const image of frame.querySelectorAll("img")) {
            image.style.transform = "";
        }
    }

    /** Go from the whole picture to its own pixels, at a point of a frame (0 to 1) or in the middle, and back. */
    toggle(at) {
        if (this._state.scale !== 1) {
            this.reset();
            return;
        }
        const actual = this.actual();
        this._zoom(Math.abs(actual - 1) < 0.01 ? 2 : actual, at);
    }

    /** Come closer by a quarter. */
    in(at) {
        this._zoom(this._state.scale * STEP, at);
    }

    /** Step back by as much. */
    out(at) {
        this._zoom(this._state.scale / STEP, at);
    }

    /** Show the whole picture. */
    reset() {
        this._set({ ...FIT });
    }

    /** Move by pixels of a frame. */
    pan(frame, dx, dy) {
        const box = fitted(frame, frame.querySelector("img"));
        const { scale, cx, cy } = this._state;
        this._set({ scale, cx: cx - dx / (box.width * scale), cy: cy - dy / (box.height * scale) });
    }

    /** Whether more than the frame holds is shown: then there is something to move. */
    get isClose() {
        return this._state.scale > 1;
    }

    /** Move what is seen by a part of the frame, to the right and down. */
    nudge(across, down) {
        const [frame] = this._frames.keys();
        if (frame !== undefined) {
            this.pan(frame, -across * frame.clientWidth, -down * frame.clientHeight);
        }
    }

    /** Multiply the scale, keeping what is at a point of a frame where it is. */
    scaleBy(factor, at) {
        this._zoom(this._state.scale * factor, at);
    }

    /** Return the scale at which the first frame shows one pixel of its picture as one of the screen. */
    actual() {
        const [frame] = this._frames.keys();
        const image = frame?.querySelector("img");
        if (!image) {
            return 1;
        }
        const size = trueSize(image);
        const across = isSideways(image) ? size.height : size.width;
        return across / (fitted(frame, image).width * devicePixelRatio) || 1;
    }

    /** Return the point of the picture (0 to 1 across and down) that lies under a point of the page. */
    under(frame, x, y) {
        const at = point(frame, x, y);
        const box = fitted(frame, frame.querySelector("img"));
        const { scale, cx, cy } = this._state;
        return { x: cx + at.x / (box.width * scale), y: cy + at.y / (box.height * scale) };
    }

    /** Paint again, after images were exchanged. */
    refresh() {
        this._paint();
    }

    _zoom(wanted, at) {
        const old = this._state;
        const scale = Math.min(Math.max(wanted, Math.min(1, this.actual())), MOST);
        if (!at) {
            this._set({ ...old, scale });
            return;
        }
        const box = fitted(at.frame, at.frame.querySelector("img"));
        const shift = (1 / old.scale - 1 / scale);
        this._set({ scale, cx: old.cx + (at.x / box.width) * shift, cy: old.cy + (at.y / box.height) * shift });
    }

    _set(wanted) {
        const [frame] = this._frames.keys();
        this._state = frame ? inside(frame, wanted) : wanted;
        this._paint();
        this.onchange?.(this.state);
    }

    _paint() {
        for (const frame of this._frames.keys()) {
            frame.style.touchAction = this._state.scale > 1 ? "none" : "pan-y";
            frame.style.cursor = this._state.scale > 1 ? "grab" : "";
            for (const image of frame.querySelectorAll("img")) {
                image.style.transform = transform(frame, image, this._state);
            }
        }
    }
}

function trueSize(image) {
    return {
        width: Number(image.dataset.width) || image.naturalWidth || 1,
        height: Number(image.dataset.height) || image.naturalHeight || 1,
    };
}

function isSideways(image) {
    return image.dataset.sideways !== undefined;
}

/** Return the pixels that an image takes in its frame at scale 1, after it is turned; a part stands for its whole. */
function fitted(frame, image) {
    if (!image) {
        return { width: frame.clientWidth || 1, height: frame.clientHeight || 1 };
    }
    if (image.dataset.part !== undefined) {
        return contained(frame, Number(image.dataset.wholeWidth) || 1, Number(image.dataset.wholeHeight) || 1);
    }
    const { width, height } = trueSize(image);
    return isSideways(image) ? contained(frame, height, width) : contained(frame, width, height);
}

function contained(frame, width, height) {
    const fit = Math.min((frame.clientWidth || 1) / width, (frame.clientHeight || 1) / height);
    return { width: width * fit, height: height * fit };
}

/** Return what brings a part into its place in the whole. */
function placed(frame, image, whole) {
    const [left, top, right, bottom] = image.dataset.part.split(" ").map(Number);
    const { width, height } = trueSize(image);
    const own = contained(frame, width, height);
    const move = `translate(${(((left + right) / 2 - 0.5) * whole.width).toFixed(2)}px, ${(((top + bottom) / 2 - 0.5) * whole.height).toFixed(2)}px)`;
    return `${move} scale(${(((right - left) * whole.width) / own.width).toFixed(5)}, ${(((bottom - top) * whole.height) / own.height).toFixed(5)})`;
}

function transform(frame, image, { scale, cx, cy }) {
    const box = fitted(frame, image);
    const move = `translate(${((0.5 - cx) * box.width * scale).toFixed(2)}px, ${((0.5 - cy) * box.height * scale).toFixed(2)}px)`;
    const turn = image.dataset.part === undefined ? (image.dataset.turn ?? "") : placed(frame, image, box);
    return `${move} scale(${(scale * refit(frame, image, box)).toFixed(5)}) ${turn}`.trim();
}

/** A quarter turn changes the shape: the image, fitted as it lies, has to be made larger or smaller. */
function refit(frame, image, box) {
    if (!isSideways(image)) {
        return 1;
    }
    const { width, height } = trueSize(image);
    const lying = Math.min(frame.clientWidth / width, frame.clientHeight / height) || 1;
    return box.width / (height * lying);
}

/** Keep the picture from being dragged out of its frame. */
function inside(frame, { scale, cx, cy }) {
    const box = fitted(frame, frame.querySelector("img"));
    const keep = (middle, space, size) => {
        const half = Math.min(space / (2 * size * scale), 0.5);
        return Math.min(Math.max(middle, half), 1 - half);
    };
    return { scale, cx: keep(cx, frame.clientWidth, box.width), cy: keep(cy, frame.clientHeight, box.height) };
}

/** Return a point of the page as pixels from the middle of a frame. */
function point(frame, x, y) {
    const box = frame.getBoundingClientRect();
    return { frame, x: x - box.left - box.width / 2, y: y - box.top - box.height / 2 };
}

function listen(zoom, frame, signal) {
    const fingers = new Map();
    frame.addEventListener(
        "wheel",
        (event) => {
            event.preventDefault();
            zoom.scaleBy(2 ** (-event.deltaY / (event.deltaMode === 0 ? 300 : 10)), point(frame, event.clientX, event.clientY));
        },
        { passive: false, signal },
    );
    frame.addEventListener("dblclick", (event) => zoom.toggle(point(frame, event.clientX, event.clientY)), { signal });
    // The browser would drag the picture itself away.
    frame.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
    frame.addEventListener("pointerdown", (event) => press(frame, fingers, event), { signal });
    frame.addEventListener("pointermove", (event) => move(zoom, frame, fingers, event), { signal });
    for (const end of ["pointerup", "pointercancel"]) {
        frame.addEventListener(end, (event) => fingers.delete(event.pointerId), { signal });
    }
}

function press(frame, fingers, event) {
    if (event.button !== 0 || event.target.closest("button, a, input")) {
        return;
    }
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    frame.setPointerCapture(event.pointerId);
}

function move(zoom, frame, fingers, event) {
    const before = fingers.get(event.pointerId);
    if (before === undefined) {
        return;
    }
    const now = { x: event.clientX, y: event.clientY };
    const [other] = [...fingers.entries()].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    fingers.set(event.pointerId, now);
    if (other === undefined) {
        zoom.pan(frame, now.x - before.x, now.y - before.y);
        return;
    }
    const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
    zoom.scaleBy(apart(now) / apart(before), point(frame, (now.x + other.x) / 2, (now.y + other.y) / 2));
}
