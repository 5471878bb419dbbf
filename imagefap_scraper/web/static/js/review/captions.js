// What is said at each picture: its number, what becomes of it, and the button that keeps it.
import { firstSign } from "../keys.js";

/** Fill the caption of a picture. */
export function caption(box, model, number, focus, onkeep) {
    const member = model.member(number);
    const held = document.activeElement?.dataset?.keep === String(number);
    box.replaceChildren();
    box.dataset.verdict = model.variants.has(number) ? "variant" : model.verdict(number);
    box.classList.toggle("focused", number === focus);
    box.closest(".pane").classList.toggle("focused", number === focus);
    box.append(badge(String(number), "number-badge"));
    for (const text of signs(model, member)) {
        box.append(badge(text));
    }
    const word = model.word(number);
    if (word) {
        const what = badge(sign(box.dataset.verdict) + word, "verdict");
        box.append(what);
    }
    if (number === focus) {
        box.append(badge("looked at", "unseen"));
    }
    const name = document.createElement("bdi");
    name.className = "name muted";
    name.textContent = member.name;
    box.append(name);
    box.append(facts(member));
    if (member.state === "live") {
        const button = keepButton(number, onkeep);
        box.append(button);
        if (held) {
            button.focus();
        }
    }
}

/** Return what is to be known of a member, in words. */
export function signs(model, member) {
    const found = [];
    if (member.number === model.group.suggestion) {
        found.push("Suggested");
    }
    if (member.gone) {
        found.push("GONE from the site");
    }
    if (member.protected) {
        found.push("Protected");
    }
    if (member.animated) {
        found.push("Animated");
    }
    if (member.verdict !== "new") {
        found.push(`Before: ${{ keep: "kept", skip: "trashed", false: "not the same" }[member.verdict]}`);
    }
    return found;
}

/** The facts in which the pictures differ; the others are in the table below. */
function facts(member) {
    const line = document.createElement("ul");
    line.className = "caption-facts";
    for (const fact of member.facts.filter((one) => one.differs && one.short)) {
        const item = document.createElement("li");
        item.append(fact.short);
        if (fact.better) {
            const better = document.createElement("span");
            better.className = "good";
            better.title = fact.better;
            better.append(" ▲", hidden(` better: ${fact.better}`));
            item.append(better);
        }
        line.append(item);
    }
    return line;
}

function hidden(text) {
    const made = document.createElement("span");
    made.className = "unseen";
    made.textContent = text;
    return made;
}

function sign(verdict) {
    return { keep: "✓ ", skip: "✕ ", false: "≠ ", variant: "✓ " }[verdict] ?? "";
}

function badge(text, kind = "") {
    const made = document.createElement("span");
    made.className = kind === "unseen" ? kind : `badge ${kind}`.trim();
    made.textContent = text;
    return made;
}

function keepButton(number, onkeep) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.keep = String(number);
    button.textContent = `Keep ${number} `;
    const sign = number <= 9 ? firstSign("review", `keep-${number}`) : "";
    if (sign !== "") {
        const key = document.createElement("kbd");
        key.textContent = sign;
        button.append(key);
    }
    button.addEventListener("click", () => onkeep(number));
    return button;
}
