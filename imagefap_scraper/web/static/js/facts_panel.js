// What is known of the picture in the lightbox, beside it.
import { counted, make } from "./dom.js";
import { getJson } from "./http.js";

export class FactsPanel {
    constructor() {
        this.element = make("aside", { class: "facts-panel", "aria-label": "Facts", hidden: true });
        this._id = null;
        this._shown = null;
    }

    /** Open it or close it; return whether it is open now. */
    toggle() {
        this.element.hidden = !this.element.hidden;
        this._ask();
        return !this.element.hidden;
    }

    /** Show an image's facts, as soon as the panel is open; asked anew, for they may have changed. */
    show(id) {
        this._id = id;
        this.renew();
    }

    /** Ask anew what is known of the image. */
    renew() {
        this._shown = null;
        this._ask();
    }

    async _ask() {
        if (this.element.hidden || this._shown === this._id) {
            return;
        }
        const id = this._id;
        this._shown = id;
        this.element.replaceChildren(make("p", { class: "muted" }, "Loading …"));
        try {
            const facts = await getJson(`/api/images/${id}`);
            if (this._id === id) {
                this.element.replaceChildren(...parts(facts));
            }
        } catch (error) {
            this._shown = null;
            this.element.replaceChildren(make("p", { class: "bad" }, error.message));
        }
    }
}

function parts(facts) {
    const found = [make("h2", {}, make("bdi", {}, facts.name))];
    if (facts.label) {
        found.push(make("p", {}, `${facts.label}${facts.reason ? ": " : ""}`, make("bdi", {}, facts.reason)));
    }
    if (facts.damage) {
        found.push(make("p", { class: "bad" }, `${facts.damage}. ${facts.damage_reason}`));
    }
    const list = make("dl", { class: "facts" });
    for (const [label, words] of facts.facts) {
        list.append(make("dt", {}, label), make("dd", {}, make("bdi", {}, words)));
    }
    found.push(list);
    if (facts.group !== null) {
        const link = make("a", { href: `/duplicates/review?g=${facts.group}` }, `Looks like ${counted(facts.alike, "other picture")}`);
        found.push(make("p", {}, link));
    }
    found.push(make("h3", {}, "Where it is"), places(facts.where), make("h3", {}, "Tags"), tags(facts.tags));
    found.push(make("p", {}, make("a", { href: `/images/${facts.id}` }, "Page of this picture")));
    if (facts.site !== null) {
        found.push(make("p", {}, leaving(facts.site)));
    }
    return found;
}

function places(where) {
    if (where.length === 0) {
        return make("p", { class: "muted" }, "In no folder.");
    }
    const list = make("ul");
    for (const place of where) {
        const item = make("li", {}, make("a", { href: place.link }, make("bdi", {}, place.name || place.kind)));
        if (place.user) {
            item.append(" of ", make("bdi", {}, place.user));
        }
        if (place.copy_of !== null) {
            item.append(` (the same bytes, picture ${place.copy_of})`);
        }
        if (place.unlisted) {
            item.append(" (no longer listed there)");
        }
        list.append(item);
    }
    return list;
}

function tags(carried) {
    if (carried.length === 0) {
        return make("p", { class: "muted" }, "No tags yet.");
    }
    const list = make("ul");
    for (const tag of carried) {
        list.append(make("li", {}, make("a", { href: tag.link }, make("bdi", {}, tag.path))));
    }
    return list;
}

function leaving(address) {
    const link = make("a", { class: "leaves", href: address, rel: "noreferrer noopener", target: "_blank" });
    link.append("Its page on the site ", make("span", { "aria-hidden": "true" }, "↗"));
    link.append(make("span", { class: "unseen" }, "(leaves this archive)"));
    return link;
}
