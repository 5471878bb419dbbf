// Runs before anything is painted: a page must not flash in the other theme, nor show what was blanked or blurred.
(() => {
    const root = document.documentElement;
    const light = matchMedia("(prefers-color-scheme: light)");
    const apply = () => {
        const chosen = localStorage.getItem("theme");
        // Dark unless the user wants light, or wants what their system says.
        root.dataset.theme = chosen === "light" || (chosen === "auto" && light.matches) ? "light" : "dark";
    };
    light.addEventListener("change", apply);
    document.addEventListener("theme-chosen", apply);
    apply();
    const blur = () => root.classList.toggle("blurred", localStorage.getItem("blur") === "1");
    document.addEventListener("preference", blur);
    blur();
    if (sessionStorage.getItem("blank") === "1") {
        root.classList.add("blank");
    }
})();
