// Selecting pictures of a grid: by box, Ctrl-click, Shift-click, keys or a long touch. What is selected stays so while the
// grid shows other parts of the view, and when the page is come back to.
import { getJson } from "./http.js";
import { register } from "./keys.js";
import { SelectionBar } from "./selection_bar.js";
import { openTagging } from "./tagging.js";
import { announce, toast } from "./toast.js";
import { onLongTouch } from "./touch.js";

/** Of this tab: the selection of each view that was left with one. */
const STORE = "selections";
const MOST_VIEWS = 20;
const MOST_ASKED = 50_000;
/** Image numbers: beyond that a selection is not kept for Back: the browser's store is small. */
const MOST_KEPT = 50_000;

class Selection {
    constructor(grid) {
        this.grid = grid;
        this.ids = new Set();
        /** The query stands for the selection, whatever it finds. */
        this.isWhole = false;
        /** The place in the view from which Shift selects. */
        this.anchor = null;
        this.changed = () => {};
    }

    get total() {
        return Number(this.grid.dataset.total);
    }

    get size() {
        return this.isWhole ? this.total : this.ids.size;
    }

    has(id) {
        return this.isWhole || this.ids.has(id);
    }

    /** What the server is told. */
    chosen() {
        return this.isWhole ? { query: this.grid.dataset.query } : { images: [...this.ids] };
    }

    set(cell, on) {
        return this._set(idOf(cell), placeOf(cell), on);
    }

    toggle(cell) {
        return this.set(cell, !this.has(idOf(cell)));
    }

    /** Select the picture at a place of the view, or no longer; say what failed. */
    async pick(id, place) {
        try {
            await this._set(id, place, !this.has(id));
            announce(this.has(id) ? "Selected" : "No longer selected");
        } catch (error) {
            toast(error.message, { wrong: true });
        }
    }

    async _set(id, place, on) {
        if (this.isWhole && !on) {
            // All but one: from here on they are single pictures.
            this.ids = new Set(await this.fetchIds(0, this.total));
            this.isWhole = false;
        }
        this.ids[on ? "add" : "delete"](id);
        this.anchor = place;
        this.changed();
    }

    /** Select from where something was selected last to this picture. */
    async extend(cell) {
        const place = placeOf(cell);
        const first = Math.min(place, this.anchor ?? place);
        const count = Math.abs(place - (this.anchor ?? place)) + 1;
        for (const id of await this.fetchIds(first, count)) {
            this.ids.add(id);
        }
        this.anchor ??= place;
        this.changed();
    }

    all() {
        this.isWhole = this.total > 0;
        this.changed();
    }

    clear() {
        this.ids.clear();
        this.isWhole = false;
        this.anchor = null;
        this.changed();
    }

    /** The numbers of the images at some places of the view, also of those that the page does not hold. */
    async fetchIds(offset, count) {
        const found = [];
        while (found.length < count) {
            const limit = Math.min(count - found.length, MOST_ASKED);
            const asked = { q: this.grid.dataset.query, offset: offset + found.length, limit };
            const { ids } = await getJson(`/api/images/ids?${new URLSearchParams(asked)}`);
            if (ids.length === 0) {
                break;
            }
            found.push(...ids);
        }
        return found;
    }

    /** Keep it in this tab, for Back and reload. */
    keep() {
        const others = stored().filter((kept) => kept.view !== this.view());
        if (this.size > 0 && this.ids.size <= MOST_KEPT) {
            others.push({ view: this.view(), ids: this.isWhole ? [] : [...this.ids], isWhole: this.isWhole });
        }
        let kept = others.slice(-MOST_VIEWS);
        // The latest is worth most; of many numbers there is room for no more.
        while (kept.reduce((sum, one) => sum + one.ids.length, 0) > MOST_KEPT) {
            kept = kept.slice(1);
        }
        sessionStorage.setItem(STORE, JSON.stringify(kept));
    }

    comeBack() {
        const way = performance.getEntriesByType("navigation")[0]?.type;
        const kept = stored().find((one) => one.view === this.view());
        if (kept !== undefined && (way === "reload" || way === "back_forward")) {
            this.ids = new Set(kept.ids);
            this.isWhole = kept.isWhole;
        }
    }

    view() {
        return `${location.pathname} ${this.grid.dataset.query}`;
    }
}

function stored() {
    return JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
}

function idOf(cell) {
    return Number(cell.dataset.image);
}

function placeOf(cell) {
    return Number(cell.dataset.index);
}

function mark(selection) {
    for (const cell of selection.grid.querySelectorAll(".cell[data-image]")) {
        const on = selection.has(idOf(cell));
        cell.classList.toggle("selected", on);
        if (cell.getAttribute("role") === "gridcell") {
            cell.setAttribute("aria-selected", String(on));
        }
        const box = cell.querySelector(".pick");
        if (box !== null) {
            box.checked = on;
        }
    }
}

/** Say what failed; the boxes go back to what is selected. */
async function attempt(selection, change) {
    try {
        await change();
    } catch (error) {
        toast(error.message, { wrong: true });
        mark(selection);
    }
}

function onClick(selection, event) {
    const cell = event.target.closest(".cell[data-image]");
    if (cell === null) {
        return;
    }
    const box = event.target.closest(".pick");
    if (box === null && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
        return;
    }
    // The picture is selected and not opened.
    event.stopPropagation();
    if (box === null) {
        event.preventDefault();
    }
    attempt(selection, () => {
        if (event.shiftKey) {
            return selection.extend(cell);
        }
        return box === null ? selection.toggle(cell) : selection.set(cell, box.checked);
    });
}

function focusedCell(grid) {
    const cell = document.activeElement?.closest(".cell[data-image]") ?? null;
    return cell !== null && grid.contains(cell) ? cell : null;
}

/** What is selected, or else the picture that has the focus. */
function chosenNow(selection) {
    if (selection.size > 0) {
        return selection.chosen();
    }
    const cell = focusedCell(selection.grid);
    return cell === null ? null : { images: [idOf(cell)] };
}

function change(selection, mode) {
    const chosen = chosenNow(selection);
    if (chosen === null) {
        return;
    }
    const from = document.querySelector("[data-tag-here]")?.dataset.tagHere ?? "";
    const onDone = () => {
        // They may be no part of this view any more.
        if (mode === "move" || selection.isWhole) {
            selection.clear();
        } else {
            selection.changed();
        }
    };
    openTagging(chosen, { mode, from, onDone });
}

function registerKeys(selection, run) {
    const focused = () => focusedCell(selection.grid);
    const onFocused = (act) => () => attempt(selection, () => act(focused()));
    const isOnOne = () => focused() !== null;
    const hasSome = () => chosenNow(selection) !== null;
    register("selection", [
        { id: "select", when: isOnOne, run: onFocused((cell) => selection.toggle(cell)) },
        { id: "extend", when: isOnOne, run: onFocused((cell) => selection.extend(cell)) },
        { id: "all", run: run.all },
        { id: "tag", when: hasSome, run: run.tag },
        { id: "untag", when: hasSome, run: run.untag },
        { id: "move", when: hasSome, run: run.move },
        { id: "clear", when: () => selection.size > 0, run: run.clear },
    ]);
}

function setUp(grid) {
    const selection = new Selection(grid);
    const run = {
        tag: () => change(selection, "tag"),
        untag: () => change(selection, "untag"),
        move: () => change(selection, "move"),
        all: () => selection.all(),
        clear: () => selection.clear(),
    };
    const bar = new SelectionBar(selection, run);
    selection.changed = () => {
        mark(selection);
        bar.show();
    };
    registerKeys(selection, run);
    // Before the grid's own: a click that selects opens nothing.
    grid.addEventListener("click", (event) => onClick(selection, event), true);
    // Shift would mark text.
    grid.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
    grid.addEventListener("cells", () => mark(selection));
    onLongTouch(grid, ".cell[data-image]", (cell) => attempt(selection, () => selection.toggle(cell)));
    addEventListener("pagehide", () => selection.keep());
    selection.comeBack();
    if (selection.size > 0) {
        selection.changed();
    }
    return selection;
}

const grid = document.getElementById("grid");
/** The selection of this page; null on one without a grid. */
export const selection = grid === null ? null : setUp(grid);
