// One cell of the grid, as browse/_grid.html has it.
import { whyNotShown } from "./damage.js";
import { counted, make } from "./dom.js";

/** Why thumbnails could not be shown, by the number of the image: asked once, and again after a retry. */
const broken = new Map();
document.addEventListener("retry-over", () => {
    broken.clear();
    document.querySelectorAll(".cell.is-broken").forEach(tryAgain);
});

/** Return the figure for a picture, or for one that is still to come (null). */
export function makeCell(picture, index, column) {
    const cell = make("figure", { class: "cell", role: "gridcell", "aria-colindex": column + 1, "data-index": index });
    if (picture === null) {
        cell.classList.add("loading");
        cell.setAttribute("aria-busy", "true");
        cell.append(make("span", { class: "nothing" }), make("span", { class: "caption" }));
        return cell;
    }
    if (picture.status !== "stored") {
        cell.classList.add(`is-${picture.status}`);
    }
    cell.dataset.image = picture.id;
    cell.dataset.sha = picture.sha256 ?? "";
    cell.picture = picture;
    if (picture.sha256 === null) {
        // A file that comes in its place is another one.
        broken.delete(picture.id);
    }
    cell.append(open(picture), pick(picture), marks(picture));
    if (picture.retry) {
        cell.append(retry(picture));
    }
    if (broken.has(picture.id)) {
        mark(cell, broken.get(picture.id));
    }
    return cell;
}

function open(picture) {
    const link = make("a", { class: "open", href: `/images/${picture.id}`, tabindex: -1 });
    link.append(picture.sha256 === null ? nothing(picture.label, picture.reason) : thumbnail(picture));
    link.append(make("span", { class: "caption" }, make("bdi", {}, picture.name)));
    return link;
}

function nothing(label, reason) {
    const box = make("span", { class: "nothing" }, make("span", {}, label));
    if (reason) {
        box.append(make("small", {}, make("bdi", {}, reason)));
    }
    return box;
}

function thumbnail(picture) {
    const known = broken.get(picture.id);
    if (known !== undefined) {
        return nothing(known.label, known.reason);
    }
    const image = make("img", {
        alt: picture.alt,
        width: picture.width ?? 4,
        height: picture.height ?? 3,
        loading: "lazy",
        decoding: "async",
        draggable: "false",
    });
    image.addEventListener("error", () => explain(picture, image), { once: true });
    image.src = `/thumbs/${picture.sha256}`;
    return image;
}

async function explain(picture, image) {
    const label = "Cannot be shown small";
    let why;
    try {
        why = await whyNotShown(picture.id, image.src, label);
        if (why === null) {
            return;
        }
        broken.set(picture.id, why);
    } catch (error) {
        why = { label, reason: error.message, retry: false };
    }
    const cell = image.closest(".cell");
    image.replaceWith(nothing(why.label, why.reason));
    if (cell !== null) {
        mark(cell, why);
    }
}

/** Say of a cell that its thumbnail is broken, and offer a retry if it may help. */
function mark(cell, why) {
    cell.classList.add("is-broken");
    if (why.retry && cell.querySelector(".retry") === null) {
        cell.append(retry(cell.picture));
        // Of the cell that Tab reaches, it reaches all.
        cell.querySelector(".retry button").tabIndex = cell.querySelector(".open").tabIndex;
    }
}

/** Ask for the thumbnail of a cell once more: its file may have come back. */
function tryAgain(cell) {
    const held = cell.contains(document.activeElement);
    cell.classList.remove("is-broken");
    cell.querySelector(".nothing").replaceWith(thumbnail(cell.picture));
    cell.querySelector(".retry")?.remove();
    if (held) {
        cell.querySelector(".open").focus({ preventScroll: true });
    }
}

function pick(picture) {
    return make("input", {
        type: "checkbox",
        class: "pick",
        "aria-label": `Select ${picture.name}`,
        value: picture.id,
        tabindex: -1,
    });
}

function marks(picture) {
    const list = make("ul", { class: "marks" });
    const add = (content, name) => {
        const mark = make("li", { class: name }, content);
        list.append(mark);
        return mark;
    };
    if (picture.animated) {
        add("moves");
    }
    if (picture.sha256 !== null && picture.gone) {
        add("gone from the site", "gone");
    }
    if (picture.status === "skipped") {
        add("kept copy shown");
    }
    if (picture.also) {
        add(also(picture)).title = `In ${counted(picture.places, "place")}: stored once`;
    } else if (picture.places > 1) {
        add(`in ${picture.places.toLocaleString("en")} places`);
    }
    if (picture.group !== null) {
        const link = { href: `/duplicates/review?g=${picture.group}`, tabindex: -1 };
        add(make("a", link, `looks like ${counted(picture.alike, "other")}`));
    }
    return list;
}

function also(picture) {
    const more = picture.places > 2 ? ` +${picture.places - 2}` : "";
    return make("span", {}, "also in ", make("bdi", {}, picture.also), more);
}

function retry(picture) {
    const form = make("form", { class: "retry", method: "post", action: `/images/${picture.id}/retry` });
    form.append(make("button", { "aria-label": `Fetch ${picture.name} again`, tabindex: -1 }, "Retry"));
    return form;
}
