// The step of the limits by a slider: counts and samples follow, without another page.
import { getJson } from "./http.js";
import { toast } from "./toast.js";

const WAIT_MS = 120;
const slider = document.getElementById("distance-slider");
let waiting = 0;
let asking = null;

function counted(number, noun) {
    return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function picture(sha256, words) {
    const half = document.createElement("span");
    half.className = "half";
    const image = document.createElement("img");
    image.src = `/thumbs/${sha256}`;
    image.alt = words;
    image.decoding = "async";
    half.append(image);
    return half;
}

function sample(one) {
    const item = document.createElement("li");
    item.className = "sample";
    const box = document.createElement(one.group === null ? "span" : "a");
    if (one.group !== null) {
        box.href = `/duplicates/review?g=${one.group}`;
    }
    const two = document.createElement("span");
    two.className = "two";
    two.append(picture(one.first, "One picture"), picture(one.second, "The other picture"));
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = one.group === null ? one.words : `${one.words}, group ${one.group}`;
    box.append(two, note);
    item.append(box);
    return item;
}

function none() {
    const item = document.createElement("li");
    item.className = "muted";
    item.textContent = "No pair is just that far apart.";
    return item;
}

function show(found) {
    const bits = found.distance;
    const at = Object.values(found.at).reduce((sum, count) => sum + count, 0);
    const within = `${counted(found.pairs, "pair")} in ${counted(found.groups, "group")}`;
    document.getElementById("within").textContent = `Within ${counted(bits, "bit")}: ${within}. At just ${bits}: ${counted(at, "pair")}.`;
    document.getElementById("samples").replaceChildren(...(found.samples.length ? found.samples.map(sample) : [none()]));
    document.getElementById("distance").value = bits;
    for (const link of document.querySelectorAll(".steps a")) {
        if (Number(link.textContent) === bits) {
            link.setAttribute("aria-current", "true");
        } else {
            link.removeAttribute("aria-current");
        }
    }
}

async function ask() {
    asking?.abort();
    asking = new AbortController();
    const own = asking;
    try {
        const found = await getJson(`/api/pairs?distance=${slider.value}`, own.signal);
        show(found);
        history.replaceState(history.state, "", `/duplicates/limits?distance=${found.distance}`);
    } catch (error) {
        if (!own.signal.aborted) {
            toast(error.message, { wrong: true });
        }
    }
}

document.getElementById("slider").hidden = false;
slider.setAttribute("aria-describedby", "within");
slider.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, WAIT_MS);
});
