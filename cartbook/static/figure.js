// Turns a figure's picture into the live chart when the reader, who has begun to do something, comes near or points at it.
// Vega's script lies beside this one and is asked for once a page, and only then.
(() => {
  const here = document.currentScript.src.replace(/[^/]*$/, "");
  const asked = {};
  const script = name =>
    (asked[name] ??= new Promise((done, fail) => {
      const one = document.createElement("script");
      one.src = here + name;
      one.onload = done;
      one.onerror = fail;
      document.head.append(one);
    }));
  const vega = () => script("vega.js").then(() => window.vega);
  // A chart that was made in the page comes as Vega-Lite; those of the book were compiled when it was built.
  const compiled = async spec =>
    spec.$schema ? (await script("vega-lite.js"), window.vegaLite.compile(spec).spec) : spec;

  const tip = document.createElement("div");
  tip.className = "cb-tooltip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;

  const rows = value =>
    value !== null && typeof value === "object"
      ? Object.entries(value)
      : value
        ? [["", String(value)]]
        : [];

  const show = (value, box) => {
    tip.replaceChildren(
      ...rows(value).map(([name, text]) => {
        const row = document.createElement("div");
        const label = document.createElement("span");
        label.textContent = name;
        row.append(label, " " + text);
        return row;
      }),
    );
    tip.hidden = !tip.childElementCount;
    const wide = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(box.right + 10, wide - tip.offsetWidth - 8));
    const above = box.top - tip.offsetHeight - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 8 ? above : box.bottom + 8}px`;
  };
  const hide = () => (tip.hidden = true);

  const onTooltip = (_handler, event, _item, value) => {
    if (value === null || value === undefined || value === "") return hide();
    show(value, { right: event.clientX, top: event.clientY, bottom: event.clientY });
  };

  // The marks that have a tooltip, in the order in which the chart draws them.
  const marksOf = live =>
    [...live.querySelectorAll("svg path, svg circle, svg rect")].filter(
      mark => mark.__data__?.tooltip !== undefined,
    );

  // Arrow keys go from mark to mark, Home and End to the first and last, and say what the tooltip says; Enter is a click.
  const keyboard = (live, spoken) => {
    let at = -1;
    const go = (all, place) => {
      at = place;
      all.forEach((mark, i) => mark.classList.toggle("is-active", i === at));
      const value = all[at].__data__.tooltip;
      show(value, all[at].getBoundingClientRect());
      const words = rows(value).map(([name, text]) => `${name} ${text}`.trim());
      spoken.textContent = `${words.join("; ")}. ${at + 1} of ${all.length}`;
    };
    live.addEventListener("keydown", event => {
      const all = marksOf(live);
      if (event.target !== live || !all.length || event.ctrlKey || event.metaKey || event.altKey)
        return;
      const count = all.length;
      const place = {
        ArrowRight: (at + 1) % count,
        ArrowDown: (at + 1) % count,
        ArrowLeft: at < 0 ? count - 1 : (at - 1 + count) % count,
        ArrowUp: at < 0 ? count - 1 : (at - 1 + count) % count,
        Home: 0,
        End: count - 1,
      }[event.key];
      if (place !== undefined) {
        go(all, place);
        event.preventDefault();
      } else if (event.key === "Enter" && at >= 0 && all[at]) {
        all[at].dispatchEvent(new MouseEvent("click", { bubbles: true }));
      } else if (event.key === "Escape") hide();
    });
    live.addEventListener("blur", () => {
      hide();
      at = -1;
      marksOf(live).forEach(mark => mark.classList.remove("is-active"));
    });
  };

  // A chart is announced with what its keys do if they do something; else it is an image, and no stop for the keyboard.
  const announce = (live, title) => {
    const keys = marksOf(live).length > 0;
    live.setAttribute("role", keys ? "group" : "img");
    live.setAttribute("aria-label", keys ? `${title}. Arrow keys go from mark to mark.` : title);
    if (keys) {
      live.tabIndex = 0;
      live.setAttribute("aria-roledescription", "interactive chart");
    } else if (document.activeElement !== live) {
      live.removeAttribute("tabindex");
      live.removeAttribute("aria-roledescription");
    }
  };

  const started = new WeakSet();
  const start = async figure => {
    if (started.has(figure)) return;
    started.add(figure);
    try {
      const { View, parse, expressionInterpreter } = await vega();
      const picture = figure.querySelector(".cb-picture");
      const live = document.createElement("div");
      const said = document.createElement("p");
      live.className = "cb-live";
      said.className = "visually-hidden";
      said.setAttribute("aria-live", "polite");
      const bound = document.createElement("div");
      bound.className = "cb-controls";
      const spec = await compiled(JSON.parse(figure.querySelector(".cb-spec").textContent));
      picture.prepend(live);
      // Expressions are read, not compiled: the site's policy forbids eval.
      const view = new View(parse(spec, null, { ast: true }), {
        renderer: "svg",
        hover: true,
        tooltip: onTooltip,
        expr: expressionInterpreter,
      });
      await view.initialize(live, bound).runAsync();
      // After Vega, which writes a role and the whole alternative here as the name; that is the description.
      const title = figure.querySelector("figcaption").textContent;
      announce(live, title);
      const told = document.createElement("p"); // a copy: within a closed fold, the alternative is not read out
      told.id = `${figure.id}-told`;
      told.hidden = true;
      told.textContent = document.getElementById(`${figure.id}-alt`).textContent;
      live.setAttribute("aria-describedby", told.id);
      live.querySelector("svg")?.setAttribute("aria-hidden", "true");
      picture.classList.add("cb-is-live");
      picture.before(bound);
      picture.append(said, told);
      keyboard(live, said);
      new ResizeObserver(() => {
        const width = live.clientWidth;
        if (!width || Math.abs(width - view.signal("width")) <= 1) return;
        window.dispatchEvent(new Event("resize")); // Vega reads the container's width when the window changes
        view.resize().runAsync();
      }).observe(picture);
      bound.addEventListener("input", () => view.runAsync().then(() => announce(live, title))); // other marks, other keys
      figure.dispatchEvent(new CustomEvent("cb-live", { bubbles: true }));
    } catch (error) {
      figure.querySelector(".cb-live")?.remove(); // the picture stays
      console.warn(`The chart ${figure.dataset.chart} stays a picture:`, error);
    }
  };

  const near = new IntersectionObserver(
    seen =>
      seen
        .filter(one => one.isIntersecting)
        .forEach(one => (near.unobserve(one.target), start(one.target))),
    { rootMargin: "300px" },
  );
  const acts = ["scroll", "pointermove", "pointerdown", "touchstart", "wheel", "keydown"];
  const begin = () => {
    document.body.append(tip);
    const figures = document.querySelectorAll("figure[data-chart]");
    const watch = () => {
      acts.forEach(act => removeEventListener(act, watch));
      figures.forEach(figure => near.observe(figure));
    };
    acts.forEach(act => addEventListener(act, watch, { passive: true }));
    if (scrollY || location.hash) watch(); // the reader came to a place in the page, or has scrolled by now
    for (const figure of figures) {
      figure.addEventListener("pointerenter", () => start(figure), { once: true });
      figure.addEventListener("focusin", () => start(figure), { once: true });
    }
    document.addEventListener("cb-new", event => start(event.target)); // a figure that came later
    document.addEventListener("keydown", event => event.key === "Escape" && hide());
    document.addEventListener("scroll", hide, { passive: true });
  };
  document.readyState === "loading"
    ? document.addEventListener("DOMContentLoaded", begin)
    : begin();
})();
