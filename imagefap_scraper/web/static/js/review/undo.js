// Taking back what was decided last, and doing it again.
import { toast } from "../toast.js";

/** Take back what was decided last, and show that group. */
export async function undo(review) {
    try {
        const undone = await review.sending.undo();
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
        toast(answer.text, { undo: answer.batch, onUndone: () => review.reload() });
        review.reload();
    } catch (error) {
        toast(error.message, { wrong: true });
    }
}
