// Putting a tag on the picture that is kept.
import { showDialog } from "../dialogs.js";
import { postJson } from "../http.js";
import { toast } from "../toast.js";
import { showFacts } from "./facts.js";

/** Ask for a tag and put it on a member; the group is shown with it then. */
export function askTag(member, review) {
    const dialog = document.getElementById("tag-dialog");
    const form = document.getElementById("tag-form");
    const input = document.getElementById("tag-path");
    const stop = new AbortController();
    input.value = "";
    form.addEventListener(
        "submit",
        () => {
            const path = input.value.trim();
            if (path) {
                put(member, path, review);
            }
        },
        { signal: stop.signal },
    );
    document.getElementById("tag-cancel").addEventListener("click", () => dialog.close(), { signal: stop.signal });
    dialog.addEventListener("close", () => stop.abort(), { once: true });
    showDialog(dialog);
    input.focus();
}

async function put(member, path, review) {
    const group = review.group.id;
    try {
        const body = { images: member.images, query: null, add: [path], remove: [], create: true };
        const answer = await postJson("/api/tagging", body);
        review.sending.note(answer.batch, group);
        const done = { batch: answer.batch, group };
        toast(answer.text, { undo: answer.batch, onUndone: (undone) => review.undone(done, undone) });
        await refresh(review);
    } catch (error) {
        toast(error.message, { wrong: true });
    }
}

/** Fetch the group of a review anew after its tags have changed; choices stay. */
async function refresh(review) {
    const model = review.model;
    review.queue.forget(model.group.id);
    model.renew(await review.queue.get(model.group.id));
    if (model === review.model) {
        showFacts(document.getElementById("facts"), model.group);
    }
}
