// Keys: what each does here, changed by the user if they like, and the sheet that shows them.
//
// A page registers actions: `register("review", [{ id: "accept", run }])`; keymap.js has their keys and names. The user's
// own keys are kept in this browser (`keys`, by "scope.id"); single letters can be switched off as a whole, or wanted
// with Alt. No key acts while somebody types, and a dialog on top has the keys to itself.

import { topDialog } from "./dialogs.js";
import { KEYMAP } from "./keymap.js";

const STORE = "keys";
const LETTERS = "single-letters";
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
const scopes = new Map();

/** Return the keys of an action as the user has them. */
export function keysOf(scope, id) {
    return stored()[`${scope}.${id}`] ?? KEYMAP[scope].actions[id][0];
}

/** Return how a key is written for people, as it has to be pressed now; empty if it is switched off. */
export function signOf(key) {
    const letter = isLetter(key.split("+").at(-1) || "+") && !key.startsWith("Ctrl+");
    if (letter && letters() === "off") {
        return "";
    }
    const signs = key.split(/(?<=.)\+/).map((part) => SIGNS[part] ?? part);
    return [...(letter && letters() === "alt" ? ["Alt"] : []), ...signs].join("+");
}

/** Return the first key of an action as it is written for people; empty if it has none that acts. */
export function firstSign(scope, id) {
    return keysOf(scope, id).map(signOf).find((sign) => sign !== "") ?? "";
}

/** Tell whether a key is one character: such keys can be switched off. */
function isLetter(key) {
    return key.length === 1;
}

/** Return what an action does, in words. */
export function labelOf(scope, id) {
    return KEYMAP[scope].actions[id][1];
}

/** Give an action other keys; null for those it came with. */
export function setKeys(scope, id, keys) {
    const all = stored();
    if (keys === null) {
        delete all[`${scope}.${id}`];
    } else {
        all[`${scope}.${id}`] = keys;
    }
    localStorage.setItem(STORE, JSON.stringify(all));
}

/** Return "on", "alt" (only together with Alt) or "off". */
export function letters() {
    return localStorage.getItem(LETTERS) ?? "on";
}

/** Say whether keys that are one character act. */
export function setLetters(mode) {
    localStorage.setItem(LETTERS, mode);
}

/**
 * Add actions; of two scopes that know a key, the one registered last acts. An action may have `when`, which tells
 * whether it can act now, and `up`, called when the key is let go.
 */
export function register(scope, actions) {
    scopes.delete(scope);
    scopes.set(scope, actions);
}

/** Return the scopes whose keys act now, with their actions, the latest first. */
export function acting() {
    return registered().filter(([scope]) => acts(scope));
}

/** Return all scopes with their actions, the latest first. */
function registered() {
    return [...scopes.entries()].reverse();
}

/** Return what a key event is called: "a", "Shift+F", "Ctrl+z", "Enter", "Space". */
export function nameOf(event) {
    const key = event.key === " " ? "Space" : event.key;
    const single = key.length === 1;
    const letter = single && key.toLowerCase() !== key.toUpperCase();
    const parts = [];
    if (event.ctrlKey || event.metaKey) {
        parts.push("Ctrl");
    }
    if (event.altKey && letters() !== "alt") {
        parts.push("Alt");
    }
    // Of signs (? + /) the sign says all; how it is typed depends on the keyboard.
    if (event.shiftKey && (letter || !single)) {
        parts.push("Shift");
    }
    return [...parts, letter && event.shiftKey ? key.toUpperCase() : key].join("+");
}

function stored() {
    try {
        return JSON.parse(localStorage.getItem(STORE)) ?? {};
    } catch {
        return {};
    }
}

function isTyping(target) {
    return target instanceof Element && target.closest("input:not([type=radio]):not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]") !== null;
}

function isOff(event, name) {
    if (!isLetter(event.key) || event.key === " " || name.startsWith("Ctrl+")) {
        return false;
    }
    return letters() === "off" || (letters() === "alt" && !event.altKey);
}

/**
 * Tell whether a scope's keys act now: with a dialog on top its own and those of every page, and those of a closed
 * dialog never.
 */
function acts(scope) {
    if (scope === "everywhere") {
        return true;
    }
    const top = topDialog();
    if (top !== null) {
        return top.dataset.keys === scope;
    }
    return document.querySelector(`dialog[data-keys="${scope}"]`) === null;
}

function find(name) {
    // Before all others, whatever else that key is: it must work at once.
    const hide = scopes.get("everywhere")?.find((action) => action.id === "blank");
    if (hide !== undefined && keysOf("everywhere", "blank").includes(name)) {
        return hide;
    }
    if (document.documentElement.classList.contains("blank")) {
        // Nobody decides anything on a page that they do not see.
        return null;
    }
    for (const [scope, actions] of registered()) {
        if (!acts(scope)) {
            continue;
        }
        for (const action of actions) {
            if (keysOf(scope, action.id).includes(name) && (action.when?.() ?? true)) {
                return action;
            }
        }
    }
    return null;
}

function onDown(event) {
    if (event.defaultPrevented) {
        return;
    }
    if (isTyping(event.target)) {
        if (event.key === "Escape" && topDialog() === null) {
            event.target.blur();
        }
        return;
    }
    const name = nameOf(event);
    // Enter and Space belong to the button or the link that has the focus.
    const pressed = event.target instanceof Element && event.target.closest("button, a, summary, input:not([type=range]), [role=button]");
    if ((name === "Enter" || name === "Space") && pressed) {
        if (event.repeat) {
            // Held down it would press what comes next, unseen.
            event.preventDefault();
        }
        return;
    }
    if (isOff(event, name)) {
        return;
    }
    const action = find(name);
    if (action === null) {
        return;
    }
    event.preventDefault();
    if (!event.repeat || action.repeats) {
        action.run(event);
    }
}

function onUp(event) {
    if (isTyping(event.target)) {
        return;
    }
    find(nameOf(event))?.up?.(event);
}

document.addEventListener("keydown", onDown);
document.addEventListener("keyup", onUp);
