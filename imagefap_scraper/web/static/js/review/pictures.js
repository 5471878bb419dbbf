// The pictures of groups, fetched and decoded before they are looked at; each is one <img> that moves between frames.

const KEPT = 60;
const known = new Map();

function make(member, playing) {
    const image = document.createElement("img");
    const still = member.animated && !playing;
    image.alt = `Picture ${member.number}: ${member.name}`;
    image.decoding = "async";
    image.draggable = false;
    if (member.small || still) {
        // A small picture stands for it: its true size is what counts.
        image.dataset.width = member.width ?? "";
        image.dataset.height = member.height ?? "";
    }
    image.src = still ? member.poster : member.source;
    const entry = { image, state: "loading" };
    entry.ready = image.decode().then(
        () => {
            entry.state = "ready";
        },
        () => {
            entry.state = "failed";
        },
    );
    return entry;
}

/** Return a member's picture: {image, state, ready}; it may still be loading. */
export function picture(member, playing = false) {
    const key = `${member.sha256} ${member.animated && playing}`;
    let entry = known.get(key);
    if (entry === undefined || entry.state === "failed") {
        entry = make(member, playing);
    }
    known.delete(key);
    known.set(key, entry);
    if (known.size > KEPT) {
        known.delete(known.keys().next().value);
    }
    return entry;
}

/** Fetch and decode the pictures of a group. */
export function preload(group) {
    for (const member of group.members.slice(0, 9)) {
        if (member.source) {
            picture(member);
        }
    }
}

/** Start the animations of some members anew, all at the same time. */
export async function replay(members) {
    for (const member of members) {
        known.delete(`${member.sha256} true`);
    }
    await Promise.all(members.map((member) => picture(member, true).ready));
}

/**
 * Put a member's picture into a frame. While it decodes the frame shows a sign of that, and never another picture.
 * @param {HTMLElement} frame
 * @param {object} member
 * @param {{playing?: boolean, onready?: () => void}} options
 */
export function place(frame, member, { playing = false, onready } = {}) {
    if (!member.source) {
        frame.append(words(`Picture ${member.number} was deleted for good.`));
        return;
    }
    const entry = picture(member, playing);
    entry.image.removeAttribute("style");
    entry.image.className = "";
    for (const name of ["turn", "sideways", "part", "wholeWidth", "wholeHeight"]) {
        delete entry.image.dataset[name];
    }
    if (entry.state === "ready") {
        frame.append(entry.image);
        return;
    }
    const waiting = words(`Picture ${member.number} is loading`);
    waiting.classList.add("loading");
    frame.append(waiting);
    entry.ready.then(() => {
        if (!waiting.isConnected) {
            return;
        }
        if (entry.state === "ready") {
            waiting.replaceWith(entry.image);
            onready?.();
        } else {
            waiting.replaceWith(words(`Picture ${member.number} cannot be shown: its file is missing or damaged.`));
        }
    });
}

function words(text) {
    const made = document.createElement("p");
    made.className = "instead";
    made.textContent = text;
    return made;
}
