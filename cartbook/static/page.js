// First thing on every page: storage that always answers, and the reader's colour mode before anything is painted;
// then the page's few buttons and folds.
(() => {
  const root = document.documentElement;
  root.dataset.scripts = "on"; // book.css hides what needs scripts where this is not set

  // A browser may refuse storage: site data blocked, or a frame without allow-same-origin. The theme's script reads it
  // unguarded, and would stop before it has set up a single button. A stand-in answers for the theme's keys as long as
  // the page is open; for any other key the browser's refusal stands, so that a script can say that nothing is stored.
  const THEME = /^(mode|theme|sidebar-|pst_)/;
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].getItem("mode");
    } catch (refusal) {
      const items = new Map();
      const known = key => {
        if (!THEME.test(key)) throw refusal;
        return key;
      };
      const value = {
        getItem: key => items.get(known(key)) ?? null,
        setItem: (key, text) => void items.set(known(key), String(text)),
        removeItem: key => void items.delete(known(key)),
      };
      Object.defineProperty(window, name, { configurable: true, value });
    }
  }
  const stored = localStorage.getItem("mode");
  const mode = ["light", "dark"].includes(stored) ? stored : "auto";
  root.dataset.mode = mode;
  root.dataset.theme =
    mode !== "auto" ? mode : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

  // Whether the code of the cells is shown; where storage is blocked, as long as the page is open.
  const CODE = "cb-code";
  try {
    if (localStorage.getItem(CODE) === "hidden") root.dataset.code = "hidden";
  } catch {}
  const switchCode = () => {
    const hidden = root.dataset.code !== "hidden";
    if (hidden) root.dataset.code = "hidden";
    else delete root.dataset.code;
    try {
      if (hidden) localStorage.setItem(CODE, "hidden");
      else localStorage.removeItem(CODE);
    } catch {}
  };

  Object.assign(window, { SPHINX_HIGHLIGHT_ENABLED: false }); // the search reads it; search words are not stored

  // A frame with an origin of its own (sandbox without allow-same-origin) may also forbid forms, printing and downloads.
  const framed = window.origin === "null" && /^https?:$/.test(location.protocol);
  const limited = () => {
    root.dataset.framed = "limited";
    const note = document.createElement("p");
    note.className = "cb-framed";
    note.textContent = `Another site shows this page in a restricted frame, where downloads, printing and running code may be blocked. The page’s own address is ${location.href.split("#")[0]}`;
    document.querySelector("article, .bd-search-container")?.prepend(note);
    // Where forms are forbidden, the browser does not even ask a form's script. So the page asks it, and sends what is left.
    const submit = (event, form) => {
      event.preventDefault();
      if (
        !form.reportValidity() ||
        !form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }))
      )
        return;
      location.assign(
        `${form.action.replace(/[?#].*/, "")}?${new URLSearchParams(new FormData(form))}`,
      );
    };
    addEventListener("click", event => {
      const button = event.target.closest("button");
      if (button?.form && button.type === "submit") submit(event, button.form);
    });
    addEventListener(
      "keydown",
      event =>
        event.key === "Enter" &&
        event.target.matches("input") &&
        event.target.form &&
        submit(event, event.target.form),
    );
  };

  // Folded boxes (solutions) become <details>: the browser's own search in the page opens them.
  const fold = box => {
    const title = box.querySelector(":scope > .admonition-title");
    if (!title) return;
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    details.className = box.className;
    details.classList.remove("dropdown"); // that name is for menus
    details.id = box.id;
    summary.className = title.className;
    summary.append(title.textContent); // without its link: a summary is one control
    title.remove();
    details.append(summary, ...box.childNodes);
    box.replaceWith(details);
  };
  // An address that points into a fold, or at one, opens it.
  const unfold = () => {
    let target = null;
    try {
      target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {} // not an encoded address: nothing has such an id
    if (!target) return;
    const folds = [];
    for (let one = target.closest("details"); one; one = one.parentElement.closest("details"))
      folds.push(one);
    if (!folds.some(one => !one.open)) return;
    for (const one of folds) one.open = true;
    target.scrollIntoView();
  };

  const begin = () => {
    if (framed) limited();
    document.querySelectorAll(".admonition.dropdown").forEach(fold);
    unfold();
    addEventListener("hashchange", unfold);
    document.addEventListener(
      "click",
      event => event.target.closest?.("a[href*='#']")?.hash === location.hash && setTimeout(unfold),
    ); // the same address again

    let closed = [];
    addEventListener("beforeprint", () => {
      closed = [...document.querySelectorAll("details.admonition:not([open])")];
      for (const one of closed) one.open = true;
    });
    addEventListener("afterprint", () => closed.forEach(one => (one.open = false)));

    const code = document.querySelector(".cb-code button");
    const nameCode = () =>
      (code.textContent = `${root.dataset.code === "hidden" ? "Show" : "Hide"} all code`);
    if (code) nameCode();
    code?.addEventListener("click", () => (switchCode(), nameCode()));

    for (const button of document.querySelectorAll("[data-print]"))
      button.addEventListener("click", () => {
        let asked = false;
        addEventListener("beforeprint", () => (asked = true), { once: true });
        print();
        if (framed && !asked) button.textContent = "This frame does not allow printing";
      });

    for (const menu of document.querySelectorAll("details.dropdown")) {
      addEventListener("click", event => menu.contains(event.target) || (menu.open = false));
      menu.addEventListener("keydown", event => {
        if (event.key !== "Escape" || !menu.open) return;
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }

    // The text of a report names the page's full address; one on the reader's own disk says nothing to others.
    const report = /^https?:$/.test(location.protocol) && document.querySelector("[data-report]");
    if (report)
      report.textContent = report.textContent.replace(
        report.dataset.report,
        location.href.split("#")[0],
      );

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
  };
  document.addEventListener("DOMContentLoaded", begin);
})();
