// Elements made by hand: text is always text, whatever it holds.

/**
 * Return a new element.
 * @param {string} name
 * @param {object} attributes `null`, `undefined` and `false` are left out, `true` is an empty one.
 * @param {...(Node|string|null)} children
 */
export function make(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        if (value !== null && value !== undefined && value !== false) {
            made.setAttribute(key, value === true ? "" : value);
        }
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
}

/** Return a button that does something. */
export function button(text, run, attributes = {}) {
    const made = make("button", { type: "button", ...attributes }, text);
    made.addEventListener("click", run);
    return made;
}

/**
 * Return words with names in them in which no name turns the rest around: what would is shown as unreadable.
 * `render.sentence_text` does the same on the server.
 */
export function plain(text) {
    const signs = [...text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/g, "\ufffd")];
    const open = [];
    signs.forEach((sign, index) => {
        if (/[\u2066-\u2068]/.test(sign)) {
            open.push(index);
        } else if (sign === "\u2069") {
            open.pop();
        }
    });
    for (const index of open) {
        signs[index] = "\ufffd";
    }
    return signs.join("");
}

/** Return a name for the middle of a sentence: whatever direction it is written in, it stays in its place. */
export function quoted(name) {
    const shown = plain(name).replace(/[\u2066-\u2069]/g, "\ufffd");
    return /^[\u0020-\u007e]*$/.test(shown) ? `“${shown}”` : `“\u2068${shown}\u2069”`;
}

/** Return a number with commas, and its noun. */
export function counted(number, noun) {
    return `${number.toLocaleString("en")} ${number === 1 ? noun : `${noun}s`}`;
}
