// The review: one group after the other. Here its parts are put together.
import { setUpActions } from "./actions.js";
import { Review } from "./review.js";

const root = document.getElementById("review");
if (root !== null) {
    root.hidden = false;
    // Beside the line that says what is done, and over no picture.
    document.getElementById("decision-head").append(document.getElementById("toasts"));
    const review = new Review(root);
    setUpActions(review);
    review.start(Number(root.dataset.group));
}
