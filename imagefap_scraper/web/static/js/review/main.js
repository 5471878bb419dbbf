// The review: one group after the other. Here its parts are put together.
import { setUpActions } from "./actions.js";
import { Review } from "./review.js";

const root = document.getElementById("review");
if (root !== null) {
    root.hidden = false;
    const review = new Review(root);
    setUpActions(review);
    review.start(Number(root.dataset.group));
}
