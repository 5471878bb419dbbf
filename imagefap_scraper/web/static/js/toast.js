// Short answers at the foot of the page. One with Undo stays until the next, or until it is closed.
import { postJson } from "./http.js";

const SECONDS = 8;

/**
 * Say something.
 * @param {string} text
 * @param {{undo?: number, wrong?: boolean, onUndone?: () => void}} options `undo`: a batch of the history.
 */
export function toast(text, { undo, wrong = false, onUndone } = {}) {
    const place = document.getElementById("toasts");
    place.replaceChildren();
    const box = document.createElement("div");
    box.className = wrong ? "toast wrong" : "toast";
    const words = document.createElement("p");
    words.textContent = text;
    box.append(words);
    if (undo !== undefined && undo !== null) {
        box.append(button("Undo", () => takeBack(undo, onUndone)));
        box.append(button("Close", () => box.remove()));
    } else if (!wrong) {
        setTimeout(() => box.remove(), SECONDS * 1000);
    } else {
        box.append(button("Close", () => box.remove()));
    }
    place.append(box);
}

/** Undo a batch of the history and say so. */
export async function takeBack(batch, onUndone) {
    try {
        const answer = await postJson(`/api/undo/${batch}`);
        toast(answer.text);
        if (answer.job) {
            location.href = `/jobs/${answer.job}`;
        } else if (onUndone) {
            onUndone(answer);
        } else {
            location.reload();
        }
    } catch (error) {
        toast(error.message, { wrong: true });
    }
}

/** Tell screen readers alone. */
export function announce(text) {
    document.getElementById("announce").textContent = text;
}

function button(text, run) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", run);
    return made;
}
