// The facts of all pictures of a group side by side, why one is suggested, and what the pairs tell.

/** Fill the section of facts. */
export function showFacts(root, group) {
    root.replaceChildren(table(group), why(group), pairs(group));
}

function make(tag, text = "", kind = "") {
    const made = document.createElement(tag);
    made.textContent = text;
    if (kind) {
        made.className = kind;
    }
    return made;
}

function table(group) {
    const made = make("table");
    const head = make("tr");
    head.append(make("td"));
    for (const one of group.members) {
        const cell = make("th", `Picture ${one.number}`);
        cell.scope = "col";
        head.append(cell);
    }
    const top = make("thead");
    top.append(head);
    const body = make("tbody");
    const labels = group.members[0]?.facts ?? [];
    labels.forEach((fact, index) => body.append(row(fact.label, group.members, (one) => factCell(one.facts[index]))));
    body.append(row("In", group.members, placesCell), row("Tags", group.members, tagsCell));
    made.append(top, body);
    return made;
}

function row(label, members, cell) {
    const made = make("tr");
    const head = make("th", label);
    head.scope = "row";
    made.append(head, ...members.map(cell));
    return made;
}

function factCell(fact) {
    const cell = make("td", fact.text, fact.differs ? "differs" : "equal");
    if (fact.better) {
        cell.append(" ", make("span", `▲ ${fact.better}`, "good"));
    }
    return cell;
}

function placesCell(member) {
    const cell = make("td");
    member.places.forEach((place, index) => {
        const link = make("a");
        link.href = `/images/${place.image_id}`;
        link.append(make("bdi", `${place.user}/${place.folder}/${place.position}`));
        cell.append(index ? ", " : "", link);
        if (!place.own) {
            cell.append(make("span", " (of a copy)", "muted"));
        }
    });
    if (member.more_places) {
        cell.append(` and ${member.more_places} more`);
    }
    return cell;
}

function tagsCell(member) {
    const cell = make("td");
    member.tags.forEach((tag, index) => cell.append(index ? ", " : "", make("bdi", tag)));
    return cell;
}

function why(group) {
    const box = make("div");
    if (group.guards.length) {
        box.append(make("h2", "Why nothing is suggested"), list(group.guards));
    }
    if (group.reasons.length) {
        const words = group.reasons.map((one) => `${one.member ?? "?"} over ${one.over ?? "?"}: ${one.text} (+${one.points})`);
        const sum = group.margin === null ? "" : `, ahead by ${group.margin}${group.confidence ? ` (${group.confidence})` : ""}`;
        box.append(make("h2", `Points${sum}`), list(words));
    }
    return box;
}

function list(texts) {
    const made = make("ul");
    made.append(...texts.map((text) => make("li", text)));
    return made;
}

function pairs(group) {
    const box = make("div");
    if (group.pairs.length === 0) {
        return box;
    }
    const words = group.pairs.map((pair) => {
        const peak = pair.peak === null ? "" : `, largest difference ${pair.peak} of 255`;
        const turn = pair.orientation ? `; ${pair.first} is ${pair.turn_text}` : "";
        return `${pair.first} and ${pair.second}: ${pair.kind_text}${turn}. PHash ${pair.distance}, DHash ${pair.dhash_distance} of 64 bits${peak}: ${pair.difference}.`;
    });
    box.append(make("h2", "The pairs"), list(words));
    return box;
}
