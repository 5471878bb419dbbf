// Taking back what was decided last, and doing it again.
import { toast } from "../toast.js";

/** Take back what was decided last, and show that group. */
export async function undo(review) {
    try {
        const undone = await review.sending.undo();
        if (undone === null) {
            toast("There is nothing to undo.");
            return;
        }
        toast(undone.text);
        review.comeBack(undone.group);
    } catch (error) {
        toast(error.message, { wrong: true });
    }
}

/** Do again what was undone last. */
export async function redo(review) {
    try {
        const answer = await review.sending.redo();
        toast(answer.text, { undo: answer.batch, onUndone: (undone) => review.undone(answer, undone) });
        review.comeBack(answer.group);
    } catch (error) {
        toast(error.message, { wrong: true });
    }
}
