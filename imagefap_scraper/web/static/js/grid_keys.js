// Keys of the grid: they move the focus from picture to picture.
import { register } from "./keys.js";

/** Let arrows, Home, End and the page keys move the focus, and + and - change the size. */
export function setUpGridKeys(grid) {
    const inGrid = () => grid.element.contains(document.activeElement);
    const by = (step) => () => grid.focus(grid.focused + step());
    const move = (id, key, label, step) => ({ id, keys: [key], label, when: inGrid, repeats: true, run: by(step) });
    register("grid", [
        { id: "enter", keys: ["g"], label: "Go to the pictures", run: () => grid.focus(grid.inSight(grid.focused)) },
        move("left", "ArrowLeft", "Picture to the left", () => -1),
        move("right", "ArrowRight", "Picture to the right", () => 1),
        move("up", "ArrowUp", "Picture above", () => above(grid)),
        move("down", "ArrowDown", "Picture below", () => below(grid)),
        move("pageup", "PageUp", "A window up", () => -Math.min(grid.focused, grid.columns * grid.rowsInSight)),
        move("pagedown", "PageDown", "A window down", () => grid.columns * grid.rowsInSight),
        { id: "first", keys: ["Home"], label: "First picture", when: inGrid, run: () => grid.focus(0) },
        { id: "last", keys: ["End"], label: "Last picture", when: inGrid, run: () => grid.focus(grid.pictures.total - 1) },
        { id: "larger", keys: ["+", "="], label: "Larger pictures", run: () => resize(grid, 1) },
        { id: "smaller", keys: ["-"], label: "Smaller pictures", run: () => resize(grid, -1) },
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
