// Keys of the grid: they move the focus from picture to picture.
import { register } from "./keys.js";

/** Let arrows, Home, End and the page keys move the focus, and + and - change the size. */
export function setUpGridKeys(grid) {
    const inGrid = () => grid.element.contains(document.activeElement);
    const by = (step) => () => grid.focus(grid.focused + step());
    const move = (id, step) => ({ id, when: inGrid, repeats: true, run: by(step) });
    register("grid", [
        { id: "enter", run: () => grid.focus(grid.inSight(grid.focused)) },
        move("left", () => -1),
        move("right", () => 1),
        move("up", () => above(grid)),
        move("down", () => below(grid)),
        move("pageup", () => -Math.min(grid.focused, grid.columns * grid.rowsInSight)),
        move("pagedown", () => grid.columns * grid.rowsInSight),
        { id: "first", when: inGrid, run: () => grid.focus(0) },
        { id: "last", when: inGrid, run: () => grid.focus(grid.pictures.total - 1) },
        { id: "larger", run: () => resize(grid, 1) },
        { id: "smaller", run: () => resize(grid, -1) },
    ]);
    grid.element.addEventListener("focusin", (event) => {
        const cell = event.target.closest(".cell");
        if (cell?.dataset.index !== undefined) {
            grid.focused = Number(cell.dataset.index);
        }
    });
}

/** Show the slider for the size of the pictures. */
export function setUpSizes(grid) {
    const slider = document.getElementById("cell-size");
    slider.max = grid.steps - 1;
    slider.value = grid.step;
    slider.closest(".size").hidden = false;
    slider.addEventListener("input", () => {
        grid.step = Number(slider.value);
    });
}

function resize(grid, step) {
    grid.step += step;
    document.getElementById("cell-size").value = grid.step;
}

function above(grid) {
    return grid.focused >= grid.columns ? -grid.columns : 0;
}

function below(grid) {
    const rows = Math.ceil(grid.pictures.total / grid.columns);
    return Math.floor(grid.focused / grid.columns) < rows - 1 ? grid.columns : 0;
}
