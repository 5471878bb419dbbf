// Two pictures on each other: one at a time, side by side along a line, or their difference.
import { boxOf, pairOf, turnOf, wholeOf } from "./geometry.js";
import { place } from "./pictures.js";

/** Put two pictures into a frame, so that what both show lies on each other. */
export function stacked(frame, model, [under, over], playing, onready) {
    const pair = pairOf(model.group, [under, over]);
    for (const number of new Set([under, over])) {
        const layer = document.createElement("div");
        layer.className = "layer";
        layer.dataset.layer = String(number);
        frame.append(layer);
        const turn = () => {
            const image = layer.querySelector("img");
            if (image && pair) {
                lay(image, pair, number, model);
            }
        };
        place(layer, model.member(number), {
            playing,
            onready: () => {
                turn();
                onready();
            },
        });
        turn();
    }
}

function lay(image, pair, number, model) {
    const exif = new Set([model.member(pair.first).exif, model.member(pair.second).exif]);
    // The machine compares pixels as they are stored: what EXIF says of them is left aside where it could matter.
    const matters = exif.size > 1 || (exif.has(true) && (pair.orientation !== 0 || pair.crop !== null));
    image.classList.toggle("as-stored", pair.orientation !== 0 || matters);
    const { turn, sideways } = turnOf(pair, number);
    if (turn) {
        image.dataset.turn = turn;
    }
    if (sideways) {
        image.dataset.sideways = "";
    }
    const box = boxOf(pair, number);
    if (box !== null) {
        const whole = model.member(wholeOf(pair, pair.first));
        image.dataset.part = box.join(" ");
        image.dataset.wholeWidth = whole.width ?? "";
        image.dataset.wholeHeight = whole.height ?? "";
    }
}

/** One at a time. */
export function flip(pane, frame) {
    const note = remark(pane);
    return {
        setTop(number) {
            for (const layer of frame.querySelectorAll(".layer")) {
                layer.classList.toggle("under", layer.dataset.layer !== String(number));
            }
            for (const box of pane.querySelectorAll(".caption")) {
                box.hidden = box.dataset.number !== String(number);
            }
            note.textContent = `Picture ${number} is shown. Space shows the other one.`;
        },
    };
}

/** The first left of a line, the second right of it. */
export function slider(pane, frame, group, [first, second], onsplit) {
    const over = frame.querySelector(`[data-layer="${second}"]`);
    const line = document.createElement("div");
    line.className = "split";
    frame.append(line);
    const label = document.createElement("label");
    label.className = "split-range";
    label.textContent = `${first} left, ${second} right `;
    const range = document.createElement("input");
    range.type = "range";
    range.min = "0";
    range.max = "100";
    label.append(range);
    pane.append(label);
    const setSplit = (split) => {
        over.style.clipPath = `inset(0 0 0 ${split}%)`;
        line.style.left = `${split}%`;
        range.value = String(split);
    };
    const set = (split) => {
        setSplit(split);
        onsplit(split);
    };
    range.addEventListener("input", () => set(Number(range.value)));
    line.addEventListener("pointerdown", (event) => {
        event.stopPropagation();
        line.setPointerCapture(event.pointerId);
    });
    line.addEventListener("pointermove", (event) => {
        if (line.hasPointerCapture(event.pointerId)) {
            const box = frame.getBoundingClientRect();
            set(Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100)));
        }
    });
    return { setSplit };
}

/** Black where they are equal; made brighter, so that little is seen as well. */
export function difference(pane, frame, group, pair) {
    frame.classList.add("difference");
    const [first, second] = pair.map((number) => group.members[number - 1]);
    const known = pairOf(group, pair);
    const words = ["Black is equal. Thin edges come from saving again; a solid patch is an edit."];
    if (known?.crop) {
        words.push(`Picture ${known.crop.part} is a part of the other, and lies in its place; around it there is nothing to compare.`);
    } else if (first.width !== second.width || first.height !== second.height) {
        words.push(`The sizes differ: ${first.width} × ${first.height} and ${second.width} × ${second.height}, laid on each other at one size.`);
    }
    if (known) {
        const peak = known.peak === null ? "" : `: largest difference ${known.peak} of 255`;
        words.push(`Measured${peak}, ${known.difference}.`);
    }
    remark(pane).textContent = words.join(" ");
    return {};
}

function remark(pane) {
    const note = document.createElement("p");
    note.className = "remark muted";
    pane.append(note);
    return note;
}
