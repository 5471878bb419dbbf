// Runs before anything is painted: a page must not flash in the other theme, nor show what was blanked.
(() => {
    const root = document.documentElement;
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "auto") {
        root.dataset.theme = theme;
    }
    if (sessionStorage.getItem("blank") === "1") {
        root.classList.add("blank");
    }
})();
