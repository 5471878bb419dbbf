// Why a stored picture is not shown, or not as it was stored: the server looks at its file.
import { getJson } from "./http.js";

/** Return what is wrong with the file of an image, {label, reason, retry}; null if nothing is. */
export async function damageOf(id, signal) {
    const facts = await getJson(`/api/images/${id}`, signal);
    return facts.damage ? { label: facts.damage, reason: facts.damage_reason, retry: facts.retry } : null;
}

/** Return why an address shows nothing of an image, {label, reason, retry}; null if it does by now. */
export async function whyNotShown(id, address, label) {
    const damage = await damageOf(id);
    if (damage !== null) {
        return damage;
    }
    const answer = await fetch(address, { headers: { Accept: "text/plain" } });
    return answer.ok ? null : { label, reason: (await answer.text()).trim(), retry: false };
}
