// One cell of the grid, as browse/_grid.html has it.
import { counted, make } from "./dom.js";

/** Why thumbnails could not be shown, by SHA-256: asked once. */
const broken = new Map();

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
    cell.append(open(picture), pick(picture), marks(picture));
    if (picture.retry) {
        cell.append(retry(picture));
    }
    return cell;
}

function open(picture) {
    const link = make("a", { class: "open", href: `/images/${picture.id}`, tabindex: -1 });
    link.append(picture.sha256 === null ? nothing(picture.label, picture.reason) : thumbnail(picture, link));
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

function thumbnail(picture, link) {
    const known = broken.get(picture.sha256);
    if (known !== undefined) {
        return nothing("Cannot be shown small", known);
    }
    const image = make("img", {
        alt: picture.alt,
        width: picture.width ?? 4,
        height: picture.height ?? 3,
        loading: "lazy",
        decoding: "async",
        draggable: "false",
    });
    image.addEventListener("error", () => explain(picture, image, link), { once: true });
    image.src = `/thumbs/${picture.sha256}`;
    return image;
}

async function explain(picture, image, link) {
    let reason = "";
    try {
        const answer = await fetch(image.src, { headers: { Accept: "text/plain" } });
        if (answer.ok) {
            return;
        }
        reason = (await answer.text()).trim();
        broken.set(picture.sha256, reason);
    } catch {
        reason = "The server has stopped.";
    }
    if (image.parentNode === link) {
        image.replaceWith(nothing("Cannot be shown small", reason));
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
    const add = (content, name) => list.append(make("li", { class: name }, content));
    if (picture.animated) {
        add("moves");
    }
    if (picture.sha256 !== null && picture.gone) {
        add("gone from the site", "gone");
    }
    if (picture.status === "skipped") {
        add("kept copy shown");
    }
    if (picture.places > 1) {
        add(`in ${picture.places.toLocaleString("en")} places`);
    }
    if (picture.group !== null) {
        const link = { href: `/duplicates/review?g=${picture.group}`, tabindex: -1 };
        add(make("a", link, `looks like ${counted(picture.alike, "other")}`));
    }
    return list;
}

function retry(picture) {
    const form = make("form", { class: "retry", method: "post", action: `/images/${picture.id}/retry` });
    form.append(make("button", { "aria-label": `Fetch ${picture.name} again`, tabindex: -1 }, "Retry"));
    return form;
}
