// All pictures of a group, small, where there are more than two.

const FEW = 2;

/** Fill the strip; a click looks at the picture. */
export function filmstrip(strip, model, focus, onpick) {
    const members = model.group.members;
    strip.hidden = members.length <= FEW;
    if (strip.hidden) {
        strip.replaceChildren();
        delete strip.dataset.group;
        return;
    }
    if (strip.dataset.group !== String(model.group.id)) {
        strip.dataset.group = String(model.group.id);
        strip.replaceChildren(...members.map((member) => item(member, onpick)));
    }
    members.forEach((member, index) => {
        const button = strip.children[index].firstChild;
        const word = model.word(member.number);
        button.setAttribute("aria-pressed", String(member.number === focus));
        button.querySelector("span").textContent = `${member.number}${word ? ` · ${word}` : ""}`;
    });
    bringIntoView(strip, strip.children[focus - 1]);
}

/** Scroll the strip alone: `scrollIntoView` would scroll the page as well. */
function bringIntoView(strip, entry) {
    if (entry !== undefined) {
        const start = entry.offsetLeft - strip.offsetLeft;
        const most = start;
        const least = start + entry.offsetWidth - strip.clientWidth;
        strip.scrollLeft = Math.min(most, Math.max(least, strip.scrollLeft));
    }
}

function item(member, onpick) {
    const entry = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.addEventListener("click", () => onpick(member.number));
    const image = document.createElement("img");
    image.src = `/thumbs/${member.sha256}`;
    image.alt = "";
    image.loading = "lazy";
    button.append(image, document.createElement("span"));
    entry.append(button);
    return entry;
}
