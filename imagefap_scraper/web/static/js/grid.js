// The grid of pictures, windowed: of 100,000 pictures only the rows in sight are in the page.
import { counted } from "./dom.js";
import { GridRows } from "./grid_rows.js";

/** Pixels that cells are wide at least, by the step of the size slider. */
const SIZES = [96, 128, 176, 224, 288, 384, 512];
const USUAL = 2;
const OVERSCAN = 2;
/** Browsers know no lengths beyond some 16 million pixels; longer grids scroll faster than the wheel. */
const TALLEST = 12_000_000;
const SIZE_KEY = "cell-size";

/**
 * Takes over `#grid`, which says its query, its number of pictures and where it starts. It tells of "cells" (rows were
 * painted) and "open" ({id, index}: a picture is wanted large).
 */
export class Grid {
    constructor(element, pictures) {
        this.element = element;
        this.pictures = pictures;
        this.focused = Number(element.dataset.start);
        this._step = Math.min(SIZES.length - 1, Math.max(0, Number(localStorage.getItem(SIZE_KEY) ?? USUAL) || 0));
        this._width = 0;
        this._rows = new GridRows(this);
        this._waiting = false;
        this._first = 0;
        this._last = 0;
    }

    /** Show the pictures with one at the top of the window (a number from 0; null: leave the page where it is). */
    begin(index, shift = 0) {
        this.element.replaceChildren();
        this.element.classList.add("windowed");
        this.element.setAttribute("role", "grid");
        this.element.setAttribute("aria-label", "Pictures");
        this.element.setAttribute("aria-multiselectable", "true");
        this._measure();
        addEventListener("scroll", () => this._soon(), { passive: true });
        new ResizeObserver(() => this._resized()).observe(this.element);
        this.pictures.addEventListener("loaded", () => this.paint());
        this.pictures.addEventListener("total", () => this._counted());
        if (index !== null) {
            this.focused = index;
            this.scrollTo(index, shift);
        }
        this.paint();
    }

    /** The step of the size, from 0 to `steps - 1`; remembered in this browser. */
    get step() {
        return this._step;
    }

    get steps() {
        return SIZES.length;
    }

    set step(wanted) {
        this._step = Math.min(SIZES.length - 1, Math.max(0, wanted));
        localStorage.setItem(SIZE_KEY, this._step);
        this._keepingPlace(() => this._measure());
    }

    /** What is at the top of the window: a picture's number and the pixels above it that are out of sight. */
    get place() {
        const top = this._virtualTop();
        const row = Math.floor(top / this.rowHeight);
        return { at: Math.min(row * this.columns, Math.max(0, this.pictures.total - 1)), shift: Math.round(top - row * this.rowHeight) };
    }

    /** The numbers of the first and the last picture in the page. */
    get range() {
        return { first: this._first * this.columns, last: (this._last + 1) * this.columns - 1 };
    }

    /** Put a picture at the top of the window; without a shift at the start of the page if it is in the first row. */
    scrollTo(index, shift = 0) {
        const row = Math.floor(index / this.columns);
        if (row === 0 && shift <= 0) {
            return;
        }
        scrollTo(0, this._top() + this._physical(row * this.rowHeight + shift));
    }

    /** Bring a picture into the window, no further than need be, and paint. */
    reveal(index) {
        const row = Math.floor(index / this.columns);
        const seen = this._virtualTop();
        const top = row * this.rowHeight;
        if (top < seen) {
            scrollTo(0, Math.max(0, this._top() + this._physical(top)));
        } else if (top + this.rowHeight > seen + inSight()) {
            scrollTo(0, this._top() + this._physical(top + this.rowHeight - inSight()));
        }
        this.paint();
    }

    /** Give a picture the focus. */
    focus(index) {
        this.focused = Math.min(Math.max(0, index), Math.max(0, this.pictures.total - 1));
        this.reveal(this.focused);
        this._rows.focus(this.focused);
    }

    /** Return a picture's number if it is in the window, else that of the first one that is. */
    inSight(index) {
        const { at } = this.place;
        return index >= at && index < at + this.columns * this.rowsInSight ? index : at;
    }

    /** Return how many rows fit into the window, at least one. */
    get rowsInSight() {
        return Math.max(1, Math.floor(inSight() / this.rowHeight));
    }

    /** Paint the rows in sight, and have fetched what is missing in them. */
    paint() {
        const total = Math.ceil(this.pictures.total / this.columns);
        const top = this._virtualTop();
        this._first = Math.max(0, Math.floor(top / this.rowHeight) - OVERSCAN);
        this._last = Math.min(total - 1, Math.ceil((top + innerHeight) / this.rowHeight) + OVERSCAN);
        this.pictures.want(this._first * this.columns, (this._last + 1) * this.columns - 1);
        const offset = this._stretch() === 1 ? 0 : this._offset() - top;
        if (this._rows.show(this._first, this._last, offset)) {
            this.element.dispatchEvent(new CustomEvent("cells", { bubbles: true }));
        }
    }

    _soon() {
        if (!this._waiting) {
            this._waiting = true;
            requestAnimationFrame(() => {
                this._waiting = false;
                this.paint();
            });
        }
    }

    _resized() {
        if (this.element.clientWidth !== this._width) {
            this._keepingPlace(() => this._measure());
        }
    }

    _counted() {
        document.getElementById("grid-count").textContent = counted(this.pictures.total, "picture");
        this.element.dataset.total = this.pictures.total;
        document.getElementById("grid-empty").hidden = this.pictures.total > 0;
        this._setHeight();
        this._rows.forget();
        this.paint();
    }

    _keepingPlace(change) {
        const { at } = this.place;
        const begun = this._virtualTop() > 0;
        change();
        this._rows.clear();
        if (begun) {
            this.scrollTo(at);
        }
        this.paint();
    }

    _measure() {
        const style = getComputedStyle(this.element);
        const gap = Number.parseFloat(style.getPropertyValue("--cell-gap")) || 0;
        this._width = this.element.clientWidth;
        this.columns = Math.max(2, Math.floor((this._width + gap) / (SIZES[this._step] + gap)));
        const cell = (this._width - gap * (this.columns - 1)) / this.columns;
        // A square, and a line of text below it; grid.css says how high that is.
        this.rowHeight = cell + captionHeight() + gap;
        this.element.style.setProperty("--columns", this.columns);
        this.element.setAttribute("aria-colcount", this.columns);
        this._setHeight();
    }

    _setHeight() {
        const rows = Math.ceil(this.pictures.total / this.columns);
        this._full = rows * this.rowHeight;
        this.element.style.height = `${Math.min(this._full, TALLEST)}px`;
        this.element.setAttribute("aria-rowcount", rows);
    }

    /** The y of the grid's top in the page. */
    _top() {
        return this.element.getBoundingClientRect().top + scrollY;
    }

    /** Pixels of the grid that are above the window. */
    _offset() {
        return Math.max(0, -this.element.getBoundingClientRect().top);
    }

    /** How many pixels of the rows one pixel of the page stands for. */
    _stretch() {
        return this._full <= TALLEST ? 1 : (this._full - innerHeight) / (TALLEST - innerHeight);
    }

    _virtualTop() {
        return this._offset() * this._stretch();
    }

    _physical(virtual) {
        return virtual / this._stretch();
    }
}

/** Pixels of the window that nothing covers: the bar of a selection lies over its foot. */
function inSight() {
    return innerHeight - (document.querySelector(".selection-bar")?.offsetHeight ?? 0);
}

/** The line of text below a picture, in pixels: 1.7 lines of small text, as grid.css has it. */
function captionHeight() {
    return 1.7 * 0.8 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}
