// Every action of the review: its key, its button, and whether it can act now.
import { firstSign, labelOf, register } from "../keys.js";
import { prefer, prefers } from "../preferences.js";
import { toast } from "../toast.js";
import { panning } from "../zoom.js";
import { askTag } from "./tagging.js";
import { MODES } from "./stage.js";
import { redo, undo } from "./undo.js";

const SCOPE = "review";
/** Milliseconds after which a held Space was a peek, and shows the first picture again when it is let go. */
const HOLD = 350;
const SLIDE = 5;
const COLLECT = "review-collect";

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
    made.title = labelOf(SCOPE, action.id);
    made.textContent = `${action.short} `;
    if (action.id === "accept") {
        made.className = "primary";
    }
    const sign = firstSign(SCOPE, action.id);
    if (sign !== "") {
        const shown = document.createElement("kbd");
        shown.textContent = sign;
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
        run: () => review.pick(number),
    }));
    return [
        { id: "accept", short: "Accept", bar: "main", run: () => review.accept(), enabled: () => review.model.canSend },
        ...numbers,
        { id: "keep", short: "Keep", bar: "main", run: give("keep") },
        { id: "skip", short: "Trash", bar: "main", run: give("skip") },
        { id: "false", short: "Not the same", bar: "main", run: give("false") },
        { id: "keep-all", short: "Keep all", bar: "main", run: () => review.choose((model) => model.giveAll("keep")) },
        { id: "variants", short: "Variants", bar: "main", run: () => review.choose((model) => model.keepVariants()) },
        { id: "none-same", short: "None the same", bar: "main", run: () => review.choose((model) => model.giveAll("false")) },
        { id: "discard-all", short: "Discard all", bar: "more", run: () => review.choose((model) => model.giveAll("skip")) },
        { id: "defer", short: "Later", bar: "main", run: () => review.defer(null) },
        { id: "defer-month", short: "In a month", bar: "more", run: () => review.defer("month") },
        { id: "collect", short: "Throw out at the end", bar: "more", pressed: () => prefers(COLLECT), run: () => collect(review) },
    ];
}

function collect(review) {
    prefer(COLLECT, !prefers(COLLECT));
    review.model.heed();
}

function walking(review) {
    return [
        { id: "previous", short: "Previous", bar: "more", run: () => review.go(-1) },
        { id: "next", short: "Next", bar: "more", run: () => review.go(1) },
        { id: "left", short: "Picture before", bar: "more", repeats: true, run: () => review.move(-1) },
        { id: "right", short: "Picture after", bar: "more", repeats: true, run: () => review.move(1) },
        { id: "undo", short: "Undo", bar: "main", run: () => undo(review) },
        { id: "redo", short: "Redo", bar: "more", run: () => redo(review) },
    ];
}

function looking(review) {
    const { stage, loupe } = review;
    const names = Object.keys(MODES);
    const modes = names.map((name) => ({
        id: `mode-${name}`,
        short: MODES[name].label,
        bar: "modes",
        pressed: () => stage.mode === name,
        run: () => review.setMode(stage.wanted === name ? "two" : name),
    }));
    const cycle = () => review.setMode(names[(names.indexOf(stage.wanted) + 1) % names.length]);
    return [
        ...modes,
        { id: "cycle", short: "Next way", bar: "modes", run: cycle },
        flipping(review),
        { id: "loupe", short: "Loupe", bar: "modes", pressed: () => loupe.isOpen, run: () => toggleLoupe(review) },
        { id: "actual", short: "Full size", bar: "modes", run: () => stage.zoom.toggle() },
        { id: "in", short: "In", bar: "modes", repeats: true, run: () => stage.zoom.in() },
        { id: "out", short: "Out", bar: "modes", repeats: true, run: () => stage.zoom.out() },
        { id: "whole", short: "Whole", bar: "modes", run: () => stage.zoom.reset() },
        ...panning(stage.zoom),
        { id: "slide-left", repeats: true, when: () => stage.mode === "slider", run: () => stage.slide(-SLIDE) },
        { id: "slide-right", repeats: true, when: () => stage.mode === "slider", run: () => stage.slide(SLIDE) },
    ];
}

function toggleLoupe(review) {
    review.loupe.toggle();
    review.onchange();
}

/** Space shows the other picture; held, only for as long. */
function flipping(review) {
    let pressed = 0;
    let before = "";
    return {
        id: "flip",
        short: "Other",
        bar: "modes",
        run: () => {
            pressed = performance.now();
            before = review.stage.wanted;
            review.flip();
        },
        up: () => {
            if (pressed && performance.now() - pressed > HOLD) {
                review.flip();
                if (review.stage.wanted !== before) {
                    review.setMode(before);
                }
            }
            pressed = 0;
        },
    };
}

function others(review) {
    return [
        { id: "tag", short: "Tag", bar: "more", run: () => tag(review) },
        { id: "play", short: "Play", bar: "more", enabled: () => review.group.members.some((one) => one.animated), pressed: () => review.stage.playing, run: () => play(review) },
        { id: "facts", short: "Facts", bar: "more", pressed: () => !document.getElementById("facts").hidden, run: () => toggleFacts(review) },
        { id: "close", short: "All groups", bar: "more", run: () => close(review) },
    ];
}

async function play(review) {
    await review.stage.play();
    review.onchange();
}

function tag(review) {
    const member = review.model.member(review.model.kept);
    if (member.images.length === 0) {
        toast(`Picture ${member.number} is in no folder, so it cannot be tagged here.`, { wrong: true });
        return;
    }
    askTag(member, review);
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
