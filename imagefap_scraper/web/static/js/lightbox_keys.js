// Keys and fingers of the lightbox.
import { register } from "./keys.js";
import { panning } from "./zoom.js";

/** Pixels that a finger has to go sideways, at least. */
const SWIPE = 50;

/** Let keys turn the pages, zoom and play. */
export function setUpLightboxKeys(box) {
    const zoom = box.zoom;
    register("lightbox", [
        { id: "previous", repeats: true, run: () => box.step(-1) },
        { id: "next", repeats: true, run: () => box.step(1) },
        { id: "first", run: () => box.show(0) },
        { id: "last", run: () => box.show(box.pictures.total - 1) },
        { id: "zoom", run: () => zoom.toggle() },
        { id: "in", repeats: true, run: () => zoom.in() },
        { id: "out", repeats: true, run: () => zoom.out() },
        { id: "fit", run: () => zoom.reset() },
        ...panning(zoom),
        { id: "play", run: () => box.slideshow.toggle() },
        { id: "slower", run: () => box.slideshow.slower() },
        { id: "faster", run: () => box.slideshow.faster() },
        { id: "facts", run: () => box.toggleFacts() },
        { id: "select", when: () => box.picture !== null, run: () => box.select() },
        { id: "tag", when: () => box.picture !== null, run: () => box.tag() },
    ]);
}

/** Let a finger turn the pages while the whole picture is seen; two fingers zoom. */
export function setUpSwipe(box, frame) {
    let start = null;
    frame.addEventListener("touchstart", (event) => {
        const [finger] = event.touches;
        start = event.touches.length === 1 && box.zoom.state.scale <= 1 ? { x: finger.clientX, y: finger.clientY } : null;
    }, { passive: true });
    frame.addEventListener("touchend", (event) => {
        if (start === null || event.touches.length > 0) {
            return;
        }
        const across = event.changedTouches[0].clientX - start.x;
        const down = event.changedTouches[0].clientY - start.y;
        start = null;
        if (Math.abs(across) > SWIPE && Math.abs(across) > 2 * Math.abs(down)) {
            box.step(across < 0 ? 1 : -1);
        }
    });
}
