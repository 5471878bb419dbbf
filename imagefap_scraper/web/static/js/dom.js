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

/** Return a number with commas, and its noun. */
export function counted(number, noun) {
    return `${number.toLocaleString("en")} ${number === 1 ? noun : `${noun}s`}`;
}
