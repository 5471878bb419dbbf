// The rows of the grid that are in the page.
import { makeCell } from "./cell.js";
import { make } from "./dom.js";

/** Keeps rows in the page, and the focus where it is. */
export class GridRows {
    constructor(grid) {
        this._grid = grid;
        this._rows = new Map();
        /** The number of a picture that gets the focus once it is in the page. */
        this._lost = null;
    }

    /** Show some rows, moved down by an offset in pixels; return whether any cell changed. */
    show(first, last, offset) {
        const index = this._focusedIndex();
        const held = this._heldRow(index);
        let changed = false;
        for (const [row, element] of this._rows) {
            if ((row < first || row > last) && row !== held) {
                element.remove();
                this._rows.delete(row);
                changed = true;
            }
        }
        for (let row = first; row <= last; row += 1) {
            changed = this._showRow(row) || changed;
        }
        for (const [row, element] of this._rows) {
            element.style.transform = `translateY(${row * this._grid.rowHeight + offset}px)`;
        }
        this._rove();
        if (index !== null && this._focusedIndex() === null && this._grid.pictures.total > 0) {
            // What had it is no part of the view any more.
            this._grid.focus(index);
        }
        return changed;
    }

    /** Take all rows away. */
    clear() {
        const index = this._focusedIndex();
        for (const element of this._rows.values()) {
            element.remove();
        }
        this._rows.clear();
        this._lost = index;
    }

    /** Look at every cell again when rows are shown next. */
    forget() {
        for (const element of this._rows.values()) {
            element.pictures = [];
        }
    }

    /** Give the link of a picture the focus, as soon as it is there. */
    focus(index) {
        const link = this._cell(index)?.querySelector(".open");
        if (link) {
            this._rove();
            link.focus({ preventScroll: true });
            this._lost = null;
        } else {
            this._lost = index;
        }
    }

    _showRow(row) {
        const { columns, pictures } = this._grid;
        const first = row * columns;
        const wanted = [];
        for (let index = first; index < Math.min(first + columns, pictures.total); index += 1) {
            wanted.push(pictures.at(index));
        }
        let element = this._rows.get(row);
        if (element === undefined) {
            element = make("div", { class: "grid-row", role: "row", "aria-rowindex": row + 1 });
            element.pictures = [];
            this._rows.set(row, element);
            this._insert(row, element);
        }
        return this._fill(element, wanted, first);
    }

    /** The order in the page is the order of the rows, for who goes by Tab or reads aloud. */
    _insert(row, element) {
        const after = [...this._rows.keys()].filter((other) => other > row);
        const next = after.length ? this._rows.get(Math.min(...after)) : null;
        this._grid.element.insertBefore(element, next);
    }

    _fill(element, wanted, first) {
        let changed = false;
        for (const [column, picture] of wanted.entries()) {
            const old = element.children[column];
            const text = JSON.stringify(picture);
            if (old !== undefined && element.pictures[column] === text) {
                continue;
            }
            // What is on its way stays as it was shown.
            if (old !== undefined && picture === null) {
                continue;
            }
            const held = old?.contains(document.activeElement);
            const made = makeCell(picture, first + column, column);
            if (old === undefined) {
                element.append(made);
            } else {
                old.replaceWith(made);
            }
            element.pictures[column] = text;
            if (held || this._lost === first + column) {
                this.focus(first + column);
            }
            changed = true;
        }
        while (element.children.length > wanted.length) {
            element.lastElementChild.remove();
            changed = true;
        }
        return changed;
    }

    _cell(index) {
        return this._rows.get(Math.floor(index / this._grid.columns))?.children[index % this._grid.columns] ?? null;
    }

    /** One cell is reached by Tab: the one that had the focus last, if it is in the page, else the first in sight. */
    _rove() {
        const { focused } = this._grid;
        const shown = this._cell(focused) ?? this._rows.get(Math.min(...this._rows.keys()))?.children[0];
        for (const element of this._grid.element.querySelectorAll('[tabindex="0"]')) {
            element.tabIndex = -1;
        }
        for (const element of shown?.querySelectorAll("a, input, button") ?? []) {
            element.tabIndex = 0;
        }
    }

    _focusedIndex() {
        const cell = document.activeElement?.closest?.("#grid .cell");
        return cell ? Number(cell.dataset.index) : null;
    }

    /** The row with the focus stays, wherever it is: the focus must not be lost by scrolling. */
    _heldRow(index) {
        return index === null || index >= this._grid.pictures.total ? null : Math.floor(index / this._grid.columns);
    }
}
