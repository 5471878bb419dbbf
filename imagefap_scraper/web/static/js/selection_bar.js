// The bar at the foot of the page while pictures are selected: how many, how large, and what can be done with them.
import { button, counted, make } from "./dom.js";
import { postJson } from "./http.js";
import { announce } from "./toast.js";

const PAUSE_MS = 200;

/** Shows a selection; `run` has what its buttons do: tag, untag, move, all, clear. */
export class SelectionBar {
    constructor(selection, run) {
        this.selection = selection;
        this.text = make("p");
        this.all = button("", run.all);
        this.bar = make(
            "section",
            { class: "selection-bar", "aria-label": "Selected pictures", hidden: true },
            this.text,
            button("Tag…", run.tag),
            button("Untag…", run.untag),
            button("Move…", run.move),
            this.all,
            button("Clear", run.clear),
        );
        document.body.append(this.bar);
    }

    /** Say what is selected now. */
    show() {
        const { size, total, isWhole } = this.selection;
        this.bar.hidden = size === 0;
        document.body.classList.toggle("selecting", size > 0);
        this.text.textContent = words(size);
        this.all.textContent = `Select all ${total.toLocaleString("en")} of this view`;
        this.all.hidden = isWhole || size >= total;
        if (!this.bar.hidden) {
            document.body.style.setProperty("--selection-bar", `${this.bar.offsetHeight}px`);
        }
        announce(size === 0 ? "Nothing selected" : words(size));
        this.measure();
    }

    measure() {
        clearTimeout(this.timer);
        this.asked = this.selection.size === 0 ? null : this.selection.chosen();
        if (this.asked !== null) {
            this.timer = setTimeout(() => this.ask(this.asked), PAUSE_MS);
        }
    }

    async ask(chosen) {
        try {
            const facts = await postJson("/api/selection", chosen);
            if (this.asked === chosen) {
                this.text.textContent = facts.text;
            }
        } catch {
            // The count alone stays; that the server is gone is said elsewhere.
        }
    }
}

function words(size) {
    return `${counted(size, "picture")} selected`;
}
