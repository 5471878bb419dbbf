// Dialogs on top of the page. Everything outside of the topmost one is inert: hidden behind it, and silent for screen
// readers. What everybody must see or hear, wherever they are, is moved into it while it is open.

const REGIONS = ["offline", "slow", "toasts", "announce"];
/** Where each of them is at home: behind a mark in the page. */
const homes = new Map();

/** Show a dialog on top of all others. */
export function showDialog(dialog) {
    dialog.showModal();
    bring();
    // Before whoever made it takes it out of the page, and with it what it holds.
    dialog.addEventListener("close", bring, { once: true, capture: true });
}

/** Return the dialog on top; null if none is open. */
export function topDialog() {
    return [...document.querySelectorAll("dialog[open]")].at(-1) ?? null;
}

function bring() {
    const top = topDialog();
    for (const id of REGIONS) {
        const region = document.getElementById(id);
        if (!homes.has(id)) {
            const mark = document.createComment(id);
            region.before(mark);
            homes.set(id, mark);
        }
        if (top === null) {
            homes.get(id).after(region);
        } else if (region.parentNode !== top) {
            top.append(region);
        }
    }
}
