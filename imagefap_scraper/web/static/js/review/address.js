// The group and the way of comparing are in the address: Back, reload and bookmarks find them again.

/** Put a group into the address; as a step of its own, unless it replaces the one before. */
export function remember(id, replace) {
    const address = new URL(location.href);
    address.searchParams.set("g", id);
    history[replace ? "replaceState" : "pushState"](null, "", address);
}

/** Return the number of the group in the address; 0 without one. */
export function rememberedGroup() {
    return Number(new URL(location.href).searchParams.get("g"));
}

/** Put the way of comparing into the address. */
export function rememberMode(mode) {
    const address = new URL(location.href);
    address.searchParams.set("mode", mode);
    history.replaceState(null, "", address);
}

/** Return the way of comparing that the address names, if any. */
export function rememberedMode() {
    return new URL(location.href).searchParams.get("mode");
}
