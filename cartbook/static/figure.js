// Turns a figure's picture into the live chart when the reader, who has begun to do something, comes near or points at it.
// Vega's script lies beside this one and is asked for once a page, and only then.
(() => {
  const here = document.currentScript.src.replace(/[^/]*$/, "");
  const asked = {};
  const load = address =>
    (asked[address] ??= new Promise((done, fail) => {
      const one = document.createElement("script");
      one.src = address;
      one.onload = done;
      one.onerror = fail;
      document.head.append(one);
    }));
  const script = name => load(here + name);
  const vega = () => script("vega.js").then(() => window.vega);
  // A chart that was made in the page comes as Vega-Lite; those of the book were compiled when it was built.
  const compiled = async spec =>
    spec.$schema ? (await script("vega-lite.js"), window.vegaLite.compile(spec).spec) : spec;
  // A chart's specification is a script of its own beside its other files, or in the page.
  const specs = {};
  window.bookChart = (id, spec) => (specs[id] = spec);
  const specOf = async figure => {
    const { spec, chart } = figure.dataset;
    if (!spec) return JSON.parse(figure.querySelector(".cb-spec").textContent);
    await load(new URL(spec, document.baseURI).href);
    return specs[chart];
  };

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

  // The keyboard and a screen reader explore a chart by the structure of its table, when the reader opens that fold.
  const tree = () => script("chart-tree.js").then(() => window.bookChartTree);
  const explore = figure => {
    const fold = figure.querySelector(".cb-explore");
    if (!fold) return;
    fold.hidden = false;
    const open = async () => (await start(figure), (await tree()).open(figure, fold).focus());
    fold.addEventListener("toggle", open, { once: true });
  };

  const offerPicture = figure => {
    const place = figure.querySelector(".cb-png");
    if (!place) return;
    place.hidden = false;
    place.firstElementChild.addEventListener("click", async () => {
      await script("picture.js");
      await window.bookPicture(figure);
    });
  };

  const started = new WeakMap(); // the promise of each figure's live chart
  const start = figure => {
    if (!started.has(figure)) started.set(figure, draw(figure));
    return started.get(figure);
  };
  const draw = async figure => {
    try {
      const [{ View, parse, expressionInterpreter }, written] = await Promise.all([
        vega(),
        specOf(figure),
      ]);
      const picture = figure.querySelector(".cb-picture");
      const live = document.createElement("div");
      live.className = "cb-live";
      const bound = document.createElement("div");
      bound.className = "cb-controls";
      const spec = await compiled(written);
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
      live.setAttribute("role", "img");
      live.setAttribute("aria-label", "Chart");
      live.setAttribute("aria-describedby", `${figure.id}-said`);
      live.removeAttribute("tabindex");
      live.removeAttribute("aria-roledescription");
      live.querySelector("svg")?.setAttribute("aria-hidden", "true");
      picture.classList.add("cb-is-live");
      // In the room that the page has for them; a chart that was made in the page has none.
      const room = figure.querySelector(".cb-controls");
      if (room) room.replaceWith(bound);
      else if (bound.childElementCount) picture.before(bound);
      live.addEventListener("click", async ({ target, isTrusted }) => {
        if (isTrusted) (await tree()).selectMark(figure, target);
      });
      new ResizeObserver(() => {
        const width = live.clientWidth;
        if (!width || Math.abs(width - view.signal("width")) <= 1) return;
        window.dispatchEvent(new Event("resize")); // Vega reads the container's width when the window changes
        view.resize().runAsync();
      }).observe(picture);
      figure.dispatchEvent(new CustomEvent("cb-live", { bubbles: true }));
    } catch (error) {
      figure.querySelector(".cb-live")?.remove(); // the picture stays
      figure.querySelector(".cb-controls")?.remove();
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
  // This script comes before the page is whole: a reader may act meanwhile, and a figure that has ended is drawn.
  const acts = ["scroll", "pointermove", "pointerdown", "touchstart", "wheel", "keydown"];
  const whole = figure => document.readyState !== "loading" || figure.nextElementSibling;
  let acted = false;
  const watch = () => {
    acted = true;
    acts.forEach(act => removeEventListener(act, watch));
    for (const figure of document.querySelectorAll("figure[data-chart]"))
      if (whole(figure)) near.observe(figure);
  };
  acts.forEach(act => addEventListener(act, watch, { passive: true }));
  const begin = () => {
    document.body.append(tip);
    const figures = document.querySelectorAll("figure[data-chart]");
    figures.forEach(explore);
    figures.forEach(offerPicture);
    if (new URLSearchParams(location.search).has("select")) tree();
    if (acted || scrollY || location.hash) watch(); // the reader came to a place in the page, or has scrolled by now
    for (const figure of figures) {
      figure.addEventListener("pointerenter", () => start(figure), { once: true });
      figure.addEventListener("focusin", () => start(figure), { once: true });
    }
    // a figure that came later
    document.addEventListener("cb-new", event => (explore(event.target), start(event.target)));
    document.addEventListener("keydown", event => event.key === "Escape" && hide());
    document.addEventListener("scroll", hide, { passive: true });
  };
  document.readyState === "loading"
    ? document.addEventListener("DOMContentLoaded", begin)
    : begin();
})();
