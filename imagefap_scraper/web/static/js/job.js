// A job at work: its progress once a second, its end as the page tells it, and a Stop that needs no reload.
import { getJson, postJson } from "./http.js";
import { announce, toast } from "./toast.js";

const POLL_MS = 1000;
const box = document.getElementById("job");
const address = `/api/jobs/${box.dataset.job}`;

function show(job) {
    const of = job.total ? ` of ${job.total.toLocaleString("en")}` : "";
    document.getElementById("job-text").textContent = `${job.step} ${job.done.toLocaleString("en")}${of}`.trim();
    const bar = document.getElementById("job-bar");
    if (job.total) {
        bar.max = job.total;
        bar.value = job.done;
    } else {
        bar.removeAttribute("value");
    }
    if (job.state === "stopping") {
        document.getElementById("job-state").textContent = "Stopping after what it is at";
        document.querySelector("#job-stop button").disabled = true;
    }
}

function isLive(job) {
    return job.state === "running" || job.state === "stopping";
}

async function poll() {
    try {
        const job = await getJson(address);
        if (!isLive(job)) {
            announce(job.message);
            // What it says then, and what can be done, the page knows.
            location.reload();
            return;
        }
        show(job);
    } catch (error) {
        if (error.status !== 0) {
            toast(error.message, { wrong: true });
            return;
        }
    }
    setTimeout(poll, POLL_MS);
}

document.getElementById("job-reload").hidden = true;
document.getElementById("job-stop").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
        show(await postJson(`${address}/stop`));
    } catch (error) {
        toast(error.message, { wrong: true });
    }
});
setTimeout(poll, POLL_MS);
