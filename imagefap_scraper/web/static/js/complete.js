// What may be typed next: a list below every `input[data-completes]`, of queries or (`data-completes="tags"`) of tags.
// Without this the input is a plain one.
import { make } from "./dom.js";
import { getJson } from "./http.js";

const PAUSE_MS = 120;
let count = 0;

/** The list below one input: a combobox, as screen readers know it. */
class Completer {
    constructor(input) {
        this.input = input;
        this.forTags = input.dataset.completes === "tags";
        const id = `completions-${(count += 1)}`;
        this.list = make("ul", { class: "completions", id, role: "listbox", "aria-label": "Suggestions" });
        this.close();
        input.after(this.list);
        input.setAttribute("role", "combobox");
        input.setAttribute("aria-autocomplete", "list");
        input.setAttribute("aria-controls", this.list.id);
        input.addEventListener("input", () => this.soon());
        input.addEventListener("keydown", (event) => this.key(event));
        input.addEventListener("blur", () => this.close());
        // The focus stays where the text is.
        this.list.addEventListener("mousedown", (event) => event.preventDefault());
        this.list.addEventListener("click", (event) => this.clicked(event));
    }

    get isOpen() {
        return !this.list.hidden;
    }

    soon() {
        clearTimeout(this.timer);
        this.asking?.abort();
        const before = this.input.value.slice(0, this.input.selectionStart);
        if (before.trim() === "" || (!this.forTags && before.endsWith(" "))) {
            this.close();
            return;
        }
        this.timer = setTimeout(() => this.ask(), PAUSE_MS);
    }

    async ask() {
        clearTimeout(this.timer);
        this.asking?.abort();
        this.asking = new AbortController();
        const { signal } = this.asking;
        const text = this.input.value;
        const at = points(text.slice(0, this.input.selectionStart));
        const asked = new URLSearchParams(this.forTags ? { q: text } : { q: text, at });
        let answer;
        try {
            answer = await getJson(`/api/${this.forTags ? "tags" : "complete"}?${asked}`, signal);
        } catch {
            // Stale, or the server is gone, which the page says elsewhere: one types on without.
            return;
        }
        if (!signal.aborted && this.input.value === text && document.activeElement === this.input) {
            this.show(answer);
        }
    }

    show(answer) {
        this.answer = answer;
        this.active = -1;
        this.list.replaceChildren(...answer.items.map((item, place) => this.option(item, place)));
        if (answer.items.length === 0 || (this.forTags && answer.items[0].text === this.input.value)) {
            this.close();
            return;
        }
        this.list.hidden = false;
        this.input.setAttribute("aria-expanded", "true");
        this.mark();
        this.place();
    }

    option(item, place) {
        const text = make("bdi", {}, item.text);
        return make("li", { id: `${this.list.id}-${place}`, role: "option" }, text, make("span", {}, item.hint));
    }

    place() {
        const { input, list } = this;
        list.style.left = `${input.offsetLeft}px`;
        list.style.top = `${input.offsetTop + input.offsetHeight + 2}px`;
        list.style.width = `${input.offsetWidth}px`;
    }

    close() {
        clearTimeout(this.timer);
        this.asking?.abort();
        this.active = -1;
        this.list.hidden = true;
        this.input.setAttribute("aria-expanded", "false");
        this.input.removeAttribute("aria-activedescendant");
    }

    mark() {
        [...this.list.children].forEach((option, place) => {
            option.setAttribute("aria-selected", String(place === this.active));
        });
        const option = this.list.children[this.active];
        if (option === undefined) {
            this.input.removeAttribute("aria-activedescendant");
            return;
        }
        this.input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
    }

    key(event) {
        if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) {
            return;
        }
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            this.step(event.key === "ArrowDown" ? 1 : -1);
        } else if (event.key === "Escape" && this.isOpen) {
            // Neither the text is emptied nor a dialog around it closed.
            event.preventDefault();
            event.stopPropagation();
            this.close();
        } else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) {
            this.takeActive(event);
        }
    }

    step(by) {
        if (!this.isOpen) {
            this.ask();
            return;
        }
        const places = this.list.children.length + 1;
        // One place more than options: the text as it is written.
        this.active = ((this.active + 1 + by + places) % places) - 1;
        this.mark();
    }

    takeActive(event) {
        if (this.isOpen && this.active >= 0) {
            event.preventDefault();
            this.take(this.active);
        } else {
            this.close();
        }
    }

    clicked(event) {
        const option = event.target.closest("[role=option]");
        if (option !== null) {
            this.take([...this.list.children].indexOf(option));
        }
    }

    take(place) {
        const { input, answer } = this;
        const { text } = answer.items[place];
        const from = units(input.value, answer.from);
        const rest = input.value.slice(units(input.value, answer.to));
        const goesOn = this.forTags || text.endsWith(":") || /^[\s),]/.test(rest);
        const put = goesOn ? text : `${text} `;
        input.value = input.value.slice(0, from) + put + rest;
        input.setSelectionRange(from + put.length, from + put.length);
        this.close();
        if (text.endsWith(":") && !this.forTags) {
            this.ask();
        }
    }
}

/** The server counts characters, JavaScript the halves of those beyond 65,535. */
function points(text) {
    return [...text].length;
}

function units(text, place) {
    return [...text].slice(0, place).join("").length;
}

/** Give an input its list. */
export function completes(input) {
    return new Completer(input);
}

document.querySelectorAll("input[data-completes]").forEach(completes);
