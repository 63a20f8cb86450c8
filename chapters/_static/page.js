// First thing on every page: the reader's colour mode, before anything is painted; then the page's few buttons.
(() => {
  const root = document.documentElement;
  const kept = () => {
    try {
      return localStorage.getItem("mode");
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const mode = ["light", "dark"].includes(kept()) ? kept() : "auto";
  root.dataset.mode = mode;
  root.dataset.theme = mode !== "auto" ? mode : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

  // What the scripts of folded boxes and of the search ask for; words looked for are not kept.
  Object.assign(window, {
    togglebuttonSelector: ".toggle, .admonition.dropdown",
    toggleHintShow: "Show",
    toggleHintHide: "Hide",
    toggleOpenOnPrint: "true",
    SPHINX_HIGHLIGHT_ENABLED: false,
  });

  const begin = () => {
    for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());

    for (const menu of document.querySelectorAll("details.dropdown")) {
      addEventListener("click", event => menu.contains(event.target) || (menu.open = false));
      menu.addEventListener("keydown", event => {
        if (event.key !== "Escape" || !menu.open) return;
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }

    const up = document.getElementById("pst-back-to-top");
    let last = 0;
    up?.addEventListener("click", () => scrollTo(0, 0));
    if (up)
      addEventListener(
        "scroll",
        () => {
          up.style.display = scrollY < last && scrollY > innerHeight ? "block" : "none";
          last = scrollY;
        },
        { passive: true },
      );

    document.querySelector(".bd-search-container input")?.focus();

    // What the search shows of a page is its text: no buttons, no words of a picture.
    if (typeof Search !== "undefined") {
      const text = Search.htmlToText;
      Search.htmlToText = (html, anchor) => {
        const article = new DOMParser().parseFromString(html, "text/html").querySelector("article");
        if (anchor || !article) return text(html, anchor);
        article.querySelectorAll("svg, script, style, form, .headerlink, .cb-facts").forEach(one => one.remove());
        article.querySelectorAll("p, li, td, th, dt, dd, summary, h1, h2, h3").forEach(one => one.append(" "));
        return article.textContent;
      };
    }
  };
  document.addEventListener("DOMContentLoaded", begin);
})();
