// What stands above the pictures when something is not as it should be.

/** Show a card with one way on. */
export function showNotice(text, label, run) {
    const box = document.getElementById("notice");
    const words = document.createElement("p");
    words.textContent = text;
    box.replaceChildren(words, button(label, run));
    box.hidden = false;
}

/** Say that the page is left as soon as the last decisions are answered. */
export function showSending(count) {
    const box = document.getElementById("notice");
    const words = document.createElement("p");
    words.textContent = `Sending the last ${count === 1 ? "decision" : `${count} decisions`}. Please leave this page open.`;
    box.replaceChildren(words);
    box.hidden = false;
}

/** Take it away. */
export function hideNotice() {
    document.getElementById("notice").hidden = true;
}

/** Say which decisions did not reach the server; each can be gone back to. */
export function showUnsent(ids, onpick) {
    const box = document.getElementById("unsent");
    box.hidden = ids.size === 0;
    const count = ids.size === 1 ? "1 decision was" : `${ids.size} decisions were`;
    box.replaceChildren(`${count} not sent. The choices are kept: look again and accept. `);
    for (const id of ids) {
        box.append(button(`Group ${id}`, () => onpick(id)), " ");
    }
}

function button(label, run) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", run);
    return made;
}
