// A finger that stays where it is.

const LONG_MS = 500;
/** Pixels that a finger may tremble. */
const SLACK = 10;

/** Call `run` with the element of a selector that was touched long; the click that follows does nothing. */
export function onLongTouch(place, selector, run) {
    let timer = 0;
    let start = null;
    let wasLong = false;
    const stop = () => clearTimeout(timer);
    place.addEventListener("pointerdown", (event) => {
        wasLong = false;
        const element = event.target.closest(selector);
        if (event.pointerType !== "touch" || element === null) {
            return;
        }
        start = event;
        timer = setTimeout(() => {
            wasLong = true;
            run(element);
        }, LONG_MS);
    });
    place.addEventListener("pointermove", (event) => {
        if (start !== null && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > SLACK) {
            stop();
        }
    });
    place.addEventListener("pointerup", stop);
    place.addEventListener("pointercancel", stop);
    const swallow = (event) => {
        if (wasLong) {
            event.preventDefault();
            event.stopPropagation();
            wasLong = event.type === "contextmenu";
        }
    };
    place.addEventListener("click", swallow, true);
    place.addEventListener("contextmenu", swallow, true);
}
