// The page on which keys are changed.
import { keysOf, letters, nameOf, setKeys, setLetters } from "./keys.js";
import { KEYMAP } from "./keymap.js";
import { PREFERENCES, prefer, prefers } from "./preferences.js";

/** Keys that belong to the browser and to those who have no mouse. */
const TAKEN = new Set(["Tab", "Shift+Tab", "Shift", "Ctrl", "Alt", "Control", "Meta", "CapsLock", "AltGraph", "Dead", "Process"]);
const said = document.getElementById("keys-said");

/** Scopes whose keys act on the same page; those of every page act beside all others. */
const TOGETHER = [["grid", "selection"]];

function beside(scope) {
    if (scope === "everywhere") {
        return Object.keys(KEYMAP);
    }
    return [...(TOGETHER.find((scopes) => scopes.includes(scope)) ?? [scope]), "everywhere"];
}

function clash(scope, id, key) {
    for (const other of beside(scope)) {
        for (const name of Object.keys(KEYMAP[other].actions)) {
            // Undo is Undo everywhere.
            if (name !== id && keysOf(other, name).includes(key)) {
                return KEYMAP[other].actions[name][1];
            }
        }
    }
    return null;
}

function show(cell, scope, id) {
    cell.replaceChildren();
    for (const key of keysOf(scope, id)) {
        const shown = document.createElement("kbd");
        shown.textContent = key;
        cell.append(shown, " ");
    }
}

/** Wait for one key and give it to an action. */
function listen(button, cell, scope, id) {
    const label = KEYMAP[scope].actions[id][1];
    button.textContent = "Press a key…";
    said.textContent = `Press the key that is to do this: ${label}. Tab leaves it as it is.`;
    const end = () => {
        button.textContent = "Change";
        button.removeEventListener("keydown", take);
        button.removeEventListener("blur", end);
    };
    const take = (event) => {
        const key = nameOf(event);
        if (TAKEN.has(event.key) || TAKEN.has(key)) {
            return;
        }
        event.preventDefault();
        event.stopPropagation();
        const other = clash(scope, id, key);
        if (other === null) {
            setKeys(scope, id, [key]);
            said.textContent = `${key}: ${label}.`;
        } else {
            said.textContent = `${key} is taken: ${other}. Nothing was changed.`;
        }
        show(cell, scope, id);
        end();
    };
    button.addEventListener("keydown", take);
    button.addEventListener("blur", end);
}

function row(table, scope, id) {
    const made = table.insertRow();
    made.insertCell().textContent = KEYMAP[scope].actions[id][1];
    const keys = made.insertCell();
    show(keys, scope, id);
    const label = KEYMAP[scope].actions[id][1];
    const buttons = made.insertCell();
    const change = press("Change", `Change the key: ${label}`, () => listen(change, keys, scope, id));
    const back = press("Back", `As it came: ${label}`, () => {
        setKeys(scope, id, null);
        show(keys, scope, id);
        said.textContent = `${label}: as it came.`;
    });
    buttons.append(change, " ", back);
}

function press(text, label, run) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", run);
    return made;
}

function tables() {
    const place = document.getElementById("keys-tables");
    place.replaceChildren();
    for (const [scope, { title, actions }] of Object.entries(KEYMAP)) {
        const heading = document.createElement("h2");
        heading.textContent = title;
        const table = document.createElement("table");
        table.dataset.scope = scope;
        table.setAttribute("aria-label", title);
        for (const id of Object.keys(actions)) {
            row(table, scope, id);
        }
        place.append(heading, table);
    }
}

function preferences() {
    for (const [name, words] of Object.entries(PREFERENCES)) {
        const label = document.createElement("label");
        const box = document.createElement("input");
        box.type = "checkbox";
        box.name = name;
        box.checked = prefers(name);
        box.addEventListener("change", () => prefer(name, box.checked));
        label.append(box, ` ${words}`);
        document.getElementById("preferences").append(label);
    }
    // Its key acts here as well.
    document.addEventListener("preference", () => {
        for (const box of document.querySelectorAll("#preferences input")) {
            box.checked = prefers(box.name);
        }
    });
}

for (const radio of document.querySelectorAll("input[name=letters]")) {
    radio.checked = radio.value === letters();
    radio.addEventListener("change", () => setLetters(radio.value));
}
document.getElementById("keys-reset").addEventListener("click", () => {
    for (const [scope, { actions }] of Object.entries(KEYMAP)) {
        for (const id of Object.keys(actions)) {
            setKeys(scope, id, null);
        }
    }
    said.textContent = "All keys are as they came.";
    tables();
});
preferences();
tables();
document.getElementById("keys-page").hidden = false;
