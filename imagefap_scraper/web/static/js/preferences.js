// What a user likes, kept in this browser: each is on or off, and off until it is chosen.

/** By name: what it is called on the page of keys. */
export const PREFERENCES = {
    "review-at-once": "In the review, 1 to 9 keep that picture and go on at once",
    "review-collect": "In the review, throw nothing out before the end: all of it together then",
    blur: "Small pictures are blurred until they are pointed at, or have the focus",
};

/** Tell whether a preference is on. */
export function prefers(name) {
    return localStorage.getItem(name) === "1";
}

/** Switch a preference on or off. */
export function prefer(name, on) {
    localStorage.setItem(name, on ? "1" : "0");
    document.dispatchEvent(new Event("preference"));
}
