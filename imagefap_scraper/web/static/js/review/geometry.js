// Where a point of one picture lies in the other one of a pair: turned, mirrored, or a part of it.

/** CSS transforms by the number of an orientation; 4 swaps the axes first, then 1 mirrors, then 2 turns upside down. */
const TURNS = [0, 1, 2, 3, 4, 5, 6, 7].map((orientation) =>
    [orientation & 2 ? "scaleY(-1)" : "", orientation & 1 ? "scaleX(-1)" : "", orientation & 4 ? "matrix(0, 1, 1, 0, 0, 0)" : ""]
        .filter((part) => part)
        .join(" "),
);
const INVERSE = { 5: 6, 6: 5 };

/** Return the pair of two numbers, the lower first, if the machine has compared them. */
export function pairOf(group, [one, other]) {
    return group.pairs.find((pair) => pair.first === one && pair.second === other);
}

/** Return how a picture of a pair is laid on the first one: a CSS transform, and whether it is a quarter turn. */
export function turnOf(pair, number) {
    const orientation = pair && number === pair.second ? (INVERSE[pair.orientation] ?? pair.orientation) : 0;
    return { turn: TURNS[orientation], sideways: orientation >= 4 };
}

/** Return the box (left, top, right, bottom, 0 to 1) in which a picture lies in the other one; null if it is no part. */
export function boxOf(pair, number) {
    return pair?.crop && pair.crop.part === number ? pair.crop.box : null;
}

/** Return the number of the picture that shows more; the first one, unless that is a part of the other. */
export function wholeOf(pair, first) {
    return pair?.crop && pair.crop.part === first ? pair.second : first;
}

/** Return where a point (0 to 1) of one picture of a pair lies in another: inside of 0 to 1 if that shows it. */
export function across(pair, from, to, { x, y }) {
    if (!pair || from === to) {
        return { x, y };
    }
    if (pair.crop) {
        const [left, top, right, bottom] = pair.crop.box;
        return from === pair.crop.part
            ? { x: left + x * (right - left), y: top + y * (bottom - top) }
            : { x: (x - left) / (right - left), y: (y - top) / (bottom - top) };
    }
    return from === pair.first ? turned(pair.orientation, x, y) : turnedBack(pair.orientation, x, y);
}

function turned(orientation, x, y) {
    const [across, down] = orientation & 4 ? [y, x] : [x, y];
    return { x: orientation & 1 ? 1 - across : across, y: orientation & 2 ? 1 - down : down };
}

function turnedBack(orientation, x, y) {
    const across = orientation & 1 ? 1 - x : x;
    const down = orientation & 2 ? 1 - y : y;
    return orientation & 4 ? { x: down, y: across } : { x: across, y: down };
}
