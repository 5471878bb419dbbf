// Short answers at the foot of the page. One with Undo stays until it is used or closed, or until the next one with Undo;
// others go after a while.
import { button, make, plain } from "./dom.js";
import { postJson } from "./http.js";

const SECONDS = 8;
const place = document.getElementById("toasts");
/** Where the focus was before it came to a toast. */
let before = null;

/**
 * Say something.
 * @param {string} text
 * @param {{undo?: ?number, wrong?: boolean, onUndone?: (answer: object) => void}} options `undo`: a batch of the history.
 */
export function toast(text, { undo = null, wrong = false, onUndone } = {}) {
    for (const old of place.querySelectorAll(".toast")) {
        if (undo !== null || old.dataset.batch === undefined) {
            dismiss(old);
        }
    }
    const box = make("div", { class: wrong ? "toast wrong" : "toast", "data-batch": undo }, make("p", {}, plain(text)));
    if (undo !== null) {
        const pressed = button("Undo", () => takeBack(undo, onUndone, pressed), { class: "undo" });
        box.append(pressed);
    }
    if (undo !== null || wrong) {
        box.append(button("Close", () => dismiss(box)));
    } else {
        setTimeout(() => dismiss(box), SECONDS * 1000);
    }
    place.append(box);
}

/** Press Undo of the toast that has one; nothing without it. */
export function pressUndo() {
    undoButton()?.click();
}

/** Return the button that takes back what was done last on this page; null if there is none. */
export function undoButton() {
    return place.querySelector("[data-batch] button");
}

/** A batch was taken back in another way: no toast offers that any more. */
export function dropUndo(batch) {
    for (const old of place.querySelectorAll(`[data-batch="${batch}"]`)) {
        dismiss(old);
    }
}

/** Tell screen readers alone. */
export function announce(text) {
    document.getElementById("announce").textContent = text;
}

/** Undo a batch of the history and say so; pressed twice it is done once. */
async function takeBack(batch, onUndone, pressed) {
    if (pressed.getAttribute("aria-disabled") === "true") {
        return;
    }
    pressed.setAttribute("aria-disabled", "true");
    pressed.textContent = "Undoing…";
    let answer;
    try {
        answer = await postJson(`/api/undo/${batch}`);
    } catch (error) {
        pressed.removeAttribute("aria-disabled");
        pressed.textContent = "Undo";
        toast(error.message, { wrong: true });
        return;
    }
    dropUndo(batch);
    toast(answer.text);
    if (answer.job) {
        location.href = `/jobs/${answer.job}`;
    } else if (onUndone) {
        onUndone(answer);
    } else {
        location.reload();
    }
}

/** Take a toast away; the focus goes back to where it came from. */
function dismiss(box) {
    const held = box.contains(document.activeElement);
    box.remove();
    if (held && before !== null) {
        const instead = document.querySelector('#grid [tabindex="0"]') ?? document.getElementById("main");
        (before.isConnected ? before : instead).focus({ preventScroll: true });
    }
}

place.addEventListener("focusin", (event) => {
    if (!place.contains(event.relatedTarget)) {
        before = event.relatedTarget;
    }
});
