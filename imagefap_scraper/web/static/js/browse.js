// A page with a grid: takes the grid over, opens the lightbox, keeps the place, and shows what a crawl brings.
import { Grid } from "./grid.js";
import { setUpGridKeys, setUpSizes } from "./grid_keys.js";
import { Lightbox } from "./lightbox.js";
import { Pictures } from "./pictures.js";
import { setUpRetry } from "./retry.js";
import { selection } from "./selection.js";

const SAVE_AFTER = 150;

/** What Back and a reload need is kept with the page in the history: the place, and the picture that is open. */
class Place {
    constructor(grid) {
        this._grid = grid;
        this._timer = null;
        history.scrollRestoration = "manual";
        addEventListener("scroll", () => this._soon(), { passive: true });
        addEventListener("pagehide", () => this.save());
    }

    static get kept() {
        return history.state?.grid ?? null;
    }

    save() {
        clearTimeout(this._timer);
        history.replaceState({ ...history.state, grid: this._grid.place }, "");
    }

    _soon() {
        clearTimeout(this._timer);
        this._timer = setTimeout(() => this.save(), SAVE_AFTER);
    }
}

function withShown(picture, index) {
    const address = new URL(location.href);
    for (const [name, value] of Object.entries({ show: picture?.id, at: picture ? index : undefined })) {
        if (value === undefined) {
            address.searchParams.delete(name);
        } else {
            address.searchParams.set(name, value);
        }
    }
    address.searchParams.delete("page");
    return address;
}

/** The address says which picture is open; Back closes it. */
function setUpLightbox(grid, place) {
    const box = new Lightbox(grid.pictures);
    const isPushed = () => history.state?.pushed === true;
    const open = (index) => {
        place.save();
        history.pushState({ ...history.state, pushed: true }, "");
        box.open(index);
    };
    grid.element.addEventListener("open", (event) => open(event.detail.index));
    box.addEventListener("shown", (event) => {
        history.replaceState(history.state, "", withShown(box.picture, event.detail));
    });
    box.addEventListener("closed", (event) => {
        if (new URL(location.href).searchParams.has("show")) {
            if (isPushed()) {
                history.back();
            } else {
                history.replaceState(history.state, "", withShown(null));
            }
        }
        grid.focus(event.detail);
    });
    addEventListener("popstate", () => {
        const asked = new URL(location.href).searchParams;
        if (!asked.has("show")) {
            box.close();
        } else if (!box.isOpen) {
            box.open(Number(asked.get("at")) || 0);
        }
    });
    box.isSelected = (id) => selection.has(id);
    box.addEventListener("pick", async ({ detail }) => {
        await selection.pick(detail.id, detail.index);
        box.markSelected();
    });
    return box;
}

function onClick(grid, event) {
    const link = event.target.closest(".cell .open");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (link === null || !plain || event.defaultPrevented) {
        return;
    }
    event.preventDefault();
    const { image, index } = link.closest(".cell").dataset;
    grid.element.dispatchEvent(new CustomEvent("open", { detail: { id: Number(image), index: Number(index) } }));
}

/** What a crawl stores appears by itself: the window is asked for again whenever the archive has changed. */
function followArchive(grid, box) {
    let version = document.documentElement.dataset.version ?? null;
    let busy = false;
    const refresh = async () => {
        if (busy) {
            return;
        }
        busy = true;
        const { first, last } = grid.range;
        await grid.pictures.refresh(first, last).catch(() => {});
        await box.refresh();
        busy = false;
    };
    document.addEventListener("archive-changed", refresh);
    document.addEventListener("archive-status", (event) => {
        const before = version;
        version = String(event.detail.version);
        if (before !== null && before !== version) {
            refresh();
        }
    });
}

/** Where nothing is yet, the page is made anew as soon as there is something. */
function awaitFirst(pictures) {
    if (document.querySelector(".refusal") !== null) {
        return;
    }
    pictures.addEventListener("total", () => location.reload());
    let version = document.documentElement.dataset.version;
    document.addEventListener("archive-status", (event) => {
        if (version !== String(event.detail.version)) {
            version = String(event.detail.version);
            pictures.refresh(0, 0).catch(() => {});
        }
    });
}

async function begin(element) {
    const pictures = new Pictures(element.dataset.query, Number(element.dataset.total));
    const grid = new Grid(element, pictures);
    const asked = new URL(location.href).searchParams;
    const shown = element.dataset.shown === undefined ? null : Number(element.dataset.shown);
    const kept = Place.kept ?? { at: shown ?? whole(asked.get("at")) ?? Number(element.dataset.start), shift: 0 };
    if (pictures.total === 0) {
        awaitFirst(pictures);
        return;
    }
    // Until the first of them are here, the page stays as the server made it.
    await pictures.wait(Math.min(kept.at, pictures.total - 1)).catch(() => null);
    grid.begin(kept.at, kept.shift);
    setUpGridKeys(grid);
    setUpSizes(grid);
    const place = new Place(grid);
    const box = setUpLightbox(grid, place);
    element.addEventListener("click", (event) => onClick(grid, event));
    followArchive(grid, box);
    if (shown !== null) {
        box.open(shown);
    }
}

function whole(text) {
    return /^\d{1,12}$/.test(text ?? "") ? Number(text) : null;
}

const found = document.getElementById("grid");
if (found !== null) {
    setUpRetry();
    begin(found);
}
