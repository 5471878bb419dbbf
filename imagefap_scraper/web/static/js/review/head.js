// What stands at the head of a review, and the line that says what Enter will do.
import { firstSign } from "../keys.js";

/** Say which group is shown, how far one is, and how long the rest will take. */
export function showPlace(group, { number, total }, pace) {
    const words = number === null ? `Group ${group.id}` : `${number} of ${total}`;
    const state = group.state_text ? ` · ${group.state_text}` : "";
    document.getElementById("place").textContent = `${words} · ${group.kind_text}${state}`;
    const bar = document.getElementById("progress");
    bar.max = Math.max(total, 1);
    bar.value = number === null ? 0 : number - 1;
    document.getElementById("pace").textContent = pace.text(number === null ? 0 : total - number + 1);
}

/** Say what Enter will do, or why it does nothing. */
export function showLine(line) {
    const place = document.getElementById("consequence");
    const refused = !line.ok && !line.pending;
    const key = firstSign("review", "accept") || "Accept";
    place.textContent = refused || line.pending ? line.text : `${key}: ${line.text}`;
    place.classList.toggle("cannot", refused);
}
