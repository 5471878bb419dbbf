// The dialog that changes the tags of pictures: put on, take off, move. Each time one change, which can be undone.
import { completes } from "./complete.js";
import { showDialog } from "./dialogs.js";
import { button, counted, make, quoted } from "./dom.js";
import { getJson, postJson } from "./http.js";
import { toast } from "./toast.js";

const TITLES = { tag: "Tag", untag: "Take tags off", move: "Move" };

/**
 * Ask for tags and change them; a toast says what was done.
 * @param {{images?: number[], query?: string}} chosen the pictures, or the query that stands for them.
 * @param {{mode?: "tag"|"untag"|"move", from?: string, onDone?: () => void}} options `from`: the tag that is looked at.
 */
export async function openTagging(chosen, { mode = "tag", from = "", onDone = () => {} } = {}) {
    let facts;
    try {
        facts = await postJson("/api/selection", chosen);
    } catch (error) {
        toast(error.message, { wrong: true });
        return;
    }
    const refusal = whyNot(facts, mode);
    if (refusal !== null) {
        toast(refusal, { wrong: true });
        return;
    }
    new TagDialog(chosen, facts, mode, from, onDone).open();
}

function whyNot(facts, mode) {
    if (facts.pictures === 0) {
        return "These pictures have no stored file, and so cannot be tagged.";
    }
    return mode !== "tag" && facts.tags.length === 0 ? "These pictures have no tags." : null;
}

class TagDialog {
    constructor(chosen, facts, mode, from, onDone) {
        Object.assign(this, { chosen, facts, mode, from, onDone, boxes: [], confirmed: null });
        this.problem = make("p", { class: "problem", role: "alert", hidden: true });
        this.submit = make("button", { class: "primary" }, TITLES[mode]);
        const form = make(
            "form",
            { method: "dialog" },
            make("h2", { id: "tagging-title" }, `${TITLES[mode]}: ${counted(facts.pictures, "picture")}`),
            ...this.fields(),
            this.problem,
            make("div", { class: "row" }, this.submit, button("Cancel", () => this.dialog.close())),
        );
        form.addEventListener("submit", (event) => this.submitted(event));
        const names = { class: "tagging", "data-keys": "tagging", "aria-labelledby": "tagging-title" };
        this.dialog = make("dialog", names, form);
        this.dialog.addEventListener("close", () => this.dialog.remove());
    }

    open() {
        document.body.append(this.dialog);
        if (this.input) {
            // Where it stands in the page counts: the list goes right below it.
            completes(this.input);
        }
        showDialog(this.dialog);
        (this.input ?? this.boxes[0]?.box)?.focus();
    }

    fields() {
        if (this.mode === "move") {
            return [this.source(), this.entry("To")];
        }
        if (this.mode === "untag") {
            return [this.list("Take off")];
        }
        const bare = this.facts.without_file;
        return [
            this.entry("Add a tag"),
            this.facts.tags.length > 0 ? this.list("On them now") : null,
            bare > 0 ? paragraph("muted", `Without a stored file, and so left out: ${counted(bare, "picture")}.`) : null,
        ];
    }

    entry(text) {
        const attributes = { autocomplete: "off", spellcheck: "false", placeholder: "plants/trees", "data-completes": "tags" };
        this.input = make("input", attributes);
        this.input.addEventListener("input", () => this.unsure());
        return field(text, this.input);
    }

    source() {
        this.select = make("select");
        for (const tag of this.facts.tags) {
            const text = `${tag.path} (${tag.pictures.toLocaleString("en")})`;
            this.select.append(new Option(text, tag.path, false, tag.path === this.from));
        }
        return field("From", this.select);
    }

    list(text) {
        const all = this.facts.pictures;
        const set = make("fieldset", {}, make("legend", {}, text));
        for (const tag of this.facts.tags) {
            const box = make("input", { type: "checkbox" });
            if (this.mode === "tag") {
                box.checked = tag.pictures === all;
                box.indeterminate = !box.checked;
            }
            const count = tag.pictures === all ? "all" : `${tag.pictures.toLocaleString("en")} of ${all.toLocaleString("en")}`;
            set.append(make("label", {}, box, make("bdi", {}, tag.path), make("span", { class: "muted" }, count)));
            this.boxes.push({ box, tag });
        }
        return set;
    }

    /** What the form says: tags to put on and to take off. */
    wanted() {
        const add = this.input && this.input.value.trim() !== "" ? [this.input.value.trim()] : [];
        if (this.mode === "move") {
            return { add, remove: add.length > 0 ? [this.select.value] : [] };
        }
        const remove = [];
        for (const { box, tag } of this.boxes) {
            if (this.mode === "untag" ? box.checked : !box.checked && !box.indeterminate) {
                remove.push(tag.path);
            } else if (this.mode === "tag" && box.checked && tag.pictures < this.facts.pictures) {
                add.push(tag.path);
            }
        }
        return { add, remove };
    }

    async submitted(event) {
        event.preventDefault();
        const { add, remove } = this.wanted();
        if (add.length + remove.length === 0) {
            this.say(this.input ? "Write a tag." : "Choose a tag.");
            return;
        }
        this.submit.disabled = true;
        try {
            if (await this.isSure()) {
                const asked = { ...this.chosen, add, remove, create: this.confirmed !== null };
                if (this.mode === "move") {
                    // Only what carries the one tag gets the other.
                    asked.among = this.select.value;
                }
                const answer = await postJson("/api/tagging", asked);
                this.dialog.close();
                this.tell(answer);
            }
        } catch (error) {
            this.say(error.message);
        } finally {
            this.submit.disabled = false;
        }
    }

    /** A tag that there is not yet may be a slip of the finger: it is made when that is said again. */
    async isSure() {
        const path = this.input?.value.trim() ?? "";
        if (path === "" || this.confirmed === path) {
            return true;
        }
        const { exact } = await getJson(`/api/tags?${new URLSearchParams({ q: path })}`);
        if (exact !== null) {
            return true;
        }
        this.confirmed = path;
        this.submit.textContent = "Make it";
        this.say(`There is no tag ${quoted(path)} yet. Enter again makes it.`);
        return false;
    }

    unsure() {
        this.confirmed = null;
        this.submit.textContent = TITLES[this.mode];
        this.problem.hidden = true;
    }

    say(text) {
        this.problem.textContent = text;
        this.problem.hidden = false;
    }

    tell(answer) {
        const changed = () => document.dispatchEvent(new CustomEvent("archive-changed"));
        toast(answer.text, { undo: answer.batch, onUndone: changed });
        changed();
        this.onDone();
    }
}

function paragraph(name, text = "") {
    return make("p", { class: name }, text);
}

function field(text, control) {
    control.id = `tagging-${text.toLowerCase().replaceAll(" ", "-")}`;
    // Around the control it would be named by the list below it as well.
    return make("div", { class: "field" }, make("label", { for: control.id }, text), control);
}
