// Every action of the review: its key, its button, and whether it can act now.
import { keysOf, register } from "../keys.js";
import { toast } from "../toast.js";
import { askTag, refresh } from "./tagging.js";
import { MODES } from "./stage.js";
import { redo, undo } from "./undo.js";

const SCOPE = "review";
/** Milliseconds after which a held Space was a peek, and shows the first picture again when it is let go. */
const HOLD = 350;
const SLIDE = 5;
/** What is printed on the keys. */
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

/** Register all keys and make a button for each action. */
export function setUpActions(review) {
    const actions = [...deciding(review), ...walking(review), ...looking(review), ...others(review)];
    register(SCOPE, actions);
    const bars = {
        main: document.getElementById("main-actions"),
        modes: document.getElementById("modes"),
        more: document.getElementById("more-actions"),
    };
    const buttons = actions.filter((one) => one.bar).map((one) => [one, button(one, bars[one.bar])]);
    const renew = () => {
        for (const [action, made] of buttons) {
            made.disabled = !(action.enabled?.() ?? true);
            if (action.pressed) {
                made.setAttribute("aria-pressed", String(action.pressed()));
            }
        }
    };
    review.onchange = renew;
}

function button(action, bar) {
    const made = document.createElement("button");
    made.type = "button";
    made.dataset.action = action.id;
    made.title = action.label;
    made.textContent = `${action.short ?? action.label} `;
    if (action.id === "accept") {
        made.className = "primary";
    }
    const [key] = keysOf(SCOPE, action);
    if (key) {
        const shown = document.createElement("kbd");
        shown.textContent = SIGNS[key] ?? key;
        made.append(shown);
    }
    made.addEventListener("click", () => action.run());
    bar.append(made);
    return made;
}

function deciding(review) {
    const give = (verdict) => () => review.choose((model) => model.give(review.stage.focus, verdict));
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
        id: `keep-${number}`,
        keys: [String(number)],
        label: `Keep picture ${number}, the others go; once more: accept`,
        run: () => review.pick(number),
    }));
    return [
        { id: "accept", keys: ["Enter"], label: "Do what the line says, and go on", short: "Accept", bar: "main", run: () => review.accept(), enabled: () => review.model.line.ok },
        ...numbers,
        { id: "keep", keys: ["k"], label: "Keep the picture looked at", short: "Keep", bar: "main", run: give("keep") },
        { id: "skip", keys: ["s"], label: "The picture looked at goes to the trash", short: "Trash", bar: "main", run: give("skip") },
        { id: "false", keys: ["f"], label: "The picture looked at is not the same", short: "Not the same", bar: "main", run: give("false") },
        { id: "keep-all", keys: ["a"], label: "Keep all: they are the same picture", short: "Keep all", bar: "main", run: () => review.choose((model) => model.giveAll("keep")) },
        { id: "variants", keys: ["v"], label: "Keep all, as variants of one picture", short: "Variants", bar: "main", run: () => review.choose((model) => model.keepVariants()) },
        { id: "none-same", keys: ["Shift+F"], label: "None of these are the same", short: "None the same", bar: "main", run: () => review.choose((model) => model.giveAll("false")) },
        { id: "discard-all", keys: ["x"], label: "Discard all (one always stays)", short: "Discard all", bar: "more", run: () => review.choose((model) => model.giveAll("skip")) },
        { id: "defer", keys: ["d"], label: "Later: after the next search", short: "Later", bar: "main", run: () => review.defer(null) },
        { id: "defer-month", keys: ["Shift+D"], label: "Later: in a month", short: "In a month", bar: "more", run: () => review.defer("month") },
    ];
}

function walking(review) {
    return [
        { id: "previous", keys: ["p", "PageUp"], label: "Previous group", short: "Previous", bar: "more", run: () => review.go(-1) },
        { id: "next", keys: ["n", "PageDown"], label: "Next group", short: "Next", bar: "more", run: () => review.go(1) },
        { id: "left", keys: ["ArrowLeft"], label: "Look at the previous picture", short: "Picture before", bar: "more", repeats: true, run: () => review.move(-1) },
        { id: "right", keys: ["ArrowRight"], label: "Look at the next picture", short: "Picture after", bar: "more", repeats: true, run: () => review.move(1) },
        { id: "undo", keys: ["u", "Ctrl+z"], label: "Undo, and show that group", short: "Undo", bar: "main", run: () => undo(review) },
        { id: "redo", keys: ["Shift+U"], label: "Redo", bar: "more", run: () => redo(review) },
    ];
}

function looking(review) {
    const { stage, loupe } = review;
    const keys = { grid: ["g"], difference: ["h"] };
    const names = Object.keys(MODES);
    const modes = names.map((name) => ({
        id: `mode-${name}`,
        keys: keys[name] ?? [],
        label: `Compare: ${MODES[name].label.toLowerCase()}`,
        short: MODES[name].label,
        bar: "modes",
        pressed: () => stage.mode === name,
        run: () => review.setMode(stage.wanted === name ? "two" : name),
    }));
    const cycle = () => review.setMode(names[(names.indexOf(stage.wanted) + 1) % names.length]);
    return [
        ...modes,
        { id: "cycle", keys: ["c"], label: "Compare in the next way", short: "Next way", bar: "modes", run: cycle },
        flipping(review),
        { id: "loupe", keys: ["l"], label: "Loupe: part of both at full size", short: "Loupe", bar: "modes", pressed: () => loupe.isOpen, run: () => toggleLoupe(review) },
        { id: "actual", keys: ["z"], label: "Whole picture, or its own size", short: "Full size", bar: "modes", run: () => stage.zoom.toggle() },
        { id: "in", keys: ["+", "="], label: "Zoom in", short: "In", bar: "modes", repeats: true, run: () => stage.zoom.in() },
        { id: "out", keys: ["-"], label: "Zoom out", short: "Out", bar: "modes", repeats: true, run: () => stage.zoom.out() },
        { id: "whole", keys: ["0"], label: "Show the whole picture", short: "Whole", bar: "modes", run: () => stage.zoom.reset() },
        { id: "slide-left", keys: [","], label: "Slider to the left", repeats: true, when: () => stage.mode === "slider", run: () => stage.slide(-SLIDE) },
        { id: "slide-right", keys: ["."], label: "Slider to the right", repeats: true, when: () => stage.mode === "slider", run: () => stage.slide(SLIDE) },
    ];
}

function toggleLoupe(review) {
    review.loupe.toggle();
    review.onchange();
}

/** Space shows the other picture; held, only for as long. */
function flipping(review) {
    let pressed = 0;
    return {
        id: "flip",
        keys: ["Space"],
        label: "Show the other picture; hold to peek",
        short: "Other",
        bar: "modes",
        run: () => {
            pressed = performance.now();
            review.flip();
        },
        up: () => {
            if (pressed && performance.now() - pressed > HOLD) {
                review.flip();
            }
            pressed = 0;
        },
    };
}

function others(review) {
    return [
        { id: "tag", keys: ["t"], label: "Tag the picture that is kept", short: "Tag", bar: "more", run: () => tag(review) },
        { id: "play", keys: ["y"], label: "Play animations, or stop them", short: "Play", bar: "more", enabled: () => review.group.members.some((one) => one.animated), run: () => review.stage.play() },
        { id: "facts", keys: ["i"], label: "Facts, points and pairs", short: "Facts", bar: "more", pressed: () => !document.getElementById("facts").hidden, run: () => toggleFacts(review) },
        { id: "close", keys: ["Escape"], label: "Close what is open; else to the list of groups", short: "All groups", bar: "more", run: () => close(review) },
    ];
}

function tag(review) {
    const member = review.model.member(review.model.kept);
    if (member.images.length === 0) {
        toast(`Picture ${member.number} is in no folder, so it cannot be tagged here.`, { wrong: true });
        return;
    }
    askTag(member, () => refresh(review));
}

function toggleFacts(review) {
    const facts = document.getElementById("facts");
    facts.hidden = !facts.hidden;
    review.onchange();
}

function close(review) {
    if (review.loupe.isOpen) {
        toggleLoupe(review);
        return;
    }
    review.leave();
}
