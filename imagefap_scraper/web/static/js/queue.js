// The queue by keyboard: from group to group, into the review, into the filter.
import { register } from "./keys.js";

const STORE = "queue-group";
const list = document.getElementById("groups");
const groups = list === null ? [] : [...list.querySelectorAll("a.group")];

function current() {
    return groups.indexOf(document.activeElement?.closest("a.group"));
}

function go(step) {
    const at = current();
    const next = at < 0 ? (step > 0 ? 0 : groups.length - 1) : Math.min(Math.max(at + step, 0), groups.length - 1);
    groups[next]?.focus();
}

function open() {
    const at = current();
    groups[Math.max(at, 0)]?.click();
}

/** Back from a review leads to the group that was left there. */
function restoreFocus() {
    const known = sessionStorage.getItem(STORE);
    sessionStorage.removeItem(STORE);
    const [entry] = performance.getEntriesByType("navigation");
    if (known !== null && entry?.type === "back_forward") {
        groups.find((group) => group.dataset.group === known)?.focus();
    }
}

register("queue", [
    { id: "next", run: () => go(1), repeats: true },
    { id: "previous", run: () => go(-1), repeats: true },
    { id: "open", run: open, when: () => groups.length > 0 },
    { id: "review", run: () => document.getElementById("review-first")?.click() },
    { id: "filter", run: () => document.getElementById("filter").focus() },
    { id: "page", run: () => document.querySelector("a[rel=next]")?.click(), when: () => document.querySelector("a[rel=next]") !== null },
]);
list?.addEventListener("click", (event) => {
    const group = event.target.closest("a.group");
    if (group !== null) {
        sessionStorage.setItem(STORE, group.dataset.group);
    }
});
restoreFocus();
