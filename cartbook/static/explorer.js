// The evidence explorer: filters, draws, compares and exports the rows of _static/evidence.js. The state is in the query
// of the address. The page holds the first rows, which are shown until the script with all rows is there.
(() => {
  const STEP = 50; // rows shown at once
  const SETTLED = 350; // ms without a change, after which the count is announced
  const MOST_DRAWN = 60; // rows of a forest plot
  const MOST_PINS = 6;
  const NUMBERS = ["estimate", "n"]; // columns that are sorted as numbers
  const SEARCHED =
    "study disease product target topic endpoint also grade population arm phase design kind source year what group shown place printed flag note".split(
      " ",
    );
  const EXPORTED =
    "id study disease product target topic phase design arm endpoint statistic grade population month follow_up value unit events n estimate low high printed place as_of flag note source kind address".split(
      " ",
    );

  // For comparing words: without case, accents, kinds of dash and space, British or American spelling.
  const plain = text =>
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/[\u2010-\u2015\u2212]/g, "-")
      .replace(/\u00ad/g, "")
      .replace(/[‘’]/g, "'")
      .replace(/\s+/g, " ")
      .replace(/ (?=%)/g, "")
      .toLowerCase()
      .trim();
  const american = text => text.replace(/[a-z]+/g, bookSpelling);
  const many = (count, one, more = `${one}s`) =>
    `${count.toLocaleString("en-GB")} ${count === 1 ? one : more}`;
  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children.filter(Boolean));
    return made;
  };
  const button = (text, act, properties = {}) => {
    const made = element("button", { type: "button", ...properties }, text);
    made.addEventListener("click", act);
    return made;
  };

  // The rows as lists of places in a list of words; each word is prepared for searching once.
  class Rows {
    constructor({ columns, words, rows }) {
      this.column = Object.fromEntries(columns.map((name, place) => [name, place]));
      Object.assign(this, { words, rows });
      this.numbers = Float64Array.from(words, word => (word === "" ? NaN : Number(word)));
      this.code = new Map(words.map((word, place) => [word, place]));
      this.searched = SEARCHED.map(name => this.column[name]);
      this.plain = [];
      this.american = [];
    }
    get(row, name) {
      return this.words[row[this.column[name]]];
    }
    number(row, name) {
      return this.numbers[row[this.column[name]]];
    }
    prepare() {
      if (this.plain.length) return;
      this.plain = this.words.map(plain);
      this.american = this.plain.map(american);
    }
    // For each word that was typed, which words of the rows have it in them.
    matches(typed) {
      const asked = plain(typed).split(" ").filter(Boolean);
      if (asked.length) this.prepare();
      return asked.map(word => {
        const other = american(word);
        return Uint8Array.from(
          this.words,
          (_, code) => this.plain[code].includes(word) || this.american[code].includes(other),
        );
      });
    }
    // The rows that fit, and for each filter how many rows each of its values would give.
    filter(filters, typed, size) {
      const asked = this.matches(typed);
      const wanted = filters.map(one => (one.value ? this.code.get(one.value) : -1));
      const columns = filters.map(one => this.column[one.name]);
      const counts = filters.map(() => new Uint32Array(this.words.length));
      const n = this.column.n;
      const found = [];
      for (const row of this.rows) {
        if (size && !(this.numbers[row[n]] >= size)) continue;
        if (!asked.every(match => this.searched.some(place => match[row[place]]))) continue;
        let failed = -1;
        let times = 0;
        for (let i = 0; i < columns.length && times < 2; i++)
          if (wanted[i] >= 0 && row[columns[i]] !== wanted[i]) [failed, times] = [i, times + 1];
        if (times === 0) {
          found.push(row);
          columns.forEach((column, i) => counts[i][row[column]]++);
        } else if (times === 1) counts[failed][row[columns[failed]]]++;
      }
      return { found, counts };
    }
    // Of rows with one key and value, the one from the best source.
    single(rows) {
      const best = new Map();
      for (const row of rows) {
        const key = row[this.column.same];
        const other = best.get(key);
        if (!other || this.number(row, "rank") < this.number(other, "rank")) best.set(key, row);
      }
      return rows.filter(row => best.get(row[this.column.same]) === row);
    }
  }

  const start = (explorer, data) => {
    const table = explorer.querySelector(".explorer-rows");
    const [body, panel, form] = [
      table.tBodies[0],
      explorer.querySelector(".explorer-filters"),
      explorer.querySelector("form"),
    ];
    const [status, notice, plot, pinned] = ["status", "notice", "plot", "pins"].map(name =>
      explorer.querySelector(`.explorer-${name}`),
    );
    const { root, version } = explorer.dataset;
    const heads = [...table.querySelectorAll("th[data-sort]")];
    const fields = [...form.elements].filter(one => one.name);
    const field = Object.fromEntries(fields.map(one => [one.name, one]));
    const facets = fields.filter(one => one.options && one.name !== "size");
    const collator = new Intl.Collator("en");
    const get = (row, name) => data.get(row, name);
    const pins = new Map(); // the id of each row that is pinned
    let sort = "";
    let scale = "";
    let fitting = [];
    let limit = STEP;
    const labels = new Map(
      fields.map(one => [one.name, one.closest("label").textContent.trim().split("\n")[0]]),
    );
    for (const one of facets) labels.set(one.name, one.closest("label").firstChild.textContent);

    // Rows

    const drawn = row => {
      const words = name => get(row, name);
      const key = words("id");
      const entry = element("a", { href: `${root}${words("page")}.html#${key}` }, words("study"));
      const remark = element("small", { className: "explorer-remark" });
      if (words("flag")) remark.append(element("strong", {}, `Flag: ${words("flag")}.`), " ");
      remark.append(words("note"));
      const pin = button("Pin", () => toggle(row));
      pin.setAttribute("aria-pressed", pins.has(key));
      pin.dataset.pin = key;
      pin.setAttribute("aria-label", `Pin ${words("study")}, ${words("what")}, ${words("source")}`);
      const about = [words("disease"), words("product")].filter(Boolean).join("; ");
      const address = words("address")
        ? element("a", { href: words("address"), rel: "noopener noreferrer" }, words("source"))
        : words("source");
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, entry, element("small", {}, about)),
        element("td", {}, words("what"), element("small", {}, words("group"))),
        element(
          "td",
          {},
          words("shown"),
          element("small", {}, words("place")),
          remark.textContent && remark,
        ),
        element("td", {}, address, element("small", {}, words("kind")), pin),
      );
    };
    const draw = () => {
      const shown = fitting.slice(0, limit);
      const made = [];
      let study;
      for (const row of shown) {
        if (field.group.checked && get(row, "page") !== study) {
          study = get(row, "page");
          const link = element("a", { href: `${root}${study}.html` }, get(row, "study"));
          const head = element("th", { colSpan: 4, scope: "rowgroup" }, link);
          made.push(element("tr", { className: "explorer-group" }, head));
        }
        made.push(drawn(row));
      }
      body.replaceChildren(...made);
      more.hidden = fitting.length <= limit;
    };
    const ordered = rows => {
      const [key, way] = sort.split(" ");
      for (const head of heads)
        head.setAttribute(
          "aria-sort",
          head.dataset.sort !== key ? "none" : way === "down" ? "descending" : "ascending",
        );
      const sign = way === "down" ? -1 : 1;
      const numeric = NUMBERS.includes(key);
      const blank = row => (get(row, key) === "" ? 1 : 0); // last, both ways
      const compare = (a, b) =>
        numeric
          ? data.number(a, key) - data.number(b, key)
          : collator.compare(get(a, key), get(b, key));
      if (key) rows.sort((a, b) => blank(a) - blank(b) || (blank(a) ? 0 : sign * compare(a, b)));
      if (field.group.checked) {
        const places = new Map();
        for (const row of rows)
          if (!places.has(get(row, "page"))) places.set(get(row, "page"), places.size);
        rows.sort((a, b) => places.get(get(a, "page")) - places.get(get(b, "page")));
      }
      return rows;
    };
    const order = () => {
      const [key, way] = sort.split(" ");
      const head = heads.find(one => one.dataset.sort === key);
      if (!head) return "";
      const ends = NUMBERS.includes(key)
        ? ["lowest first", "highest first"]
        : key === "as_of"
          ? ["earliest first", "latest first"]
          : ["A to Z", "Z to A"];
      return `; sorted by ${head.textContent.toLowerCase()}, ${ends[way === "down" ? 1 : 0]}`;
    };

    // The forest plot

    const group = (rows, of) => {
      const digits = { percent: 0, months: 1, ratio: 2 }[of];
      const fixed = (row, name) => data.number(row, name).toFixed(digits);
      const found = new Map();
      const ends = ["estimate", "low", "high", "n"];
      const places = new Map([...field.endpoint.options].map((one, place) => [one.value, place]));
      const rank = row => places.get(get(row, "endpoint"));
      for (const row of rows.toSorted(
        (a, b) => rank(a) - rank(b) || data.number(b, "estimate") - data.number(a, "estimate"),
      )) {
        const title = `${get(row, "what")} · ${get(row, "population")}`;
        if (!found.has(title)) found.set(title, { title, rows: [] });
        const arm = get(row, "arm");
        const named = arm && !["single group", "all", get(row, "product")].includes(arm);
        found.get(title).rows.push({
          label: `${get(row, "study")}${named ? `, ${arm}` : ""}`,
          year: get(row, "year"),
          ...Object.fromEntries(ends.map(name => [name, data.number(row, name)])),
          text: `${get(row, "n") && `n = ${get(row, "n")} · `}${fixed(row, "estimate")}${of === "percent" ? "%" : ""} (${fixed(row, "low")}–${fixed(row, "high")})`,
        });
      }
      for (const one of found.values()) {
        const labels = one.rows.map(row => row.label);
        const repeated = new Set(labels.filter((label, place) => labels.indexOf(label) !== place));
        for (const row of one.rows)
          if (repeated.has(row.label) && row.year) row.label += `, ${row.year}`;
      }
      return [...found.values()];
    };
    const picture = (rows, of, place) =>
      bookForest(group(rows, of), of, Math.max(280, place.clientWidth));
    const drawPlot = () => {
      const place = plot.querySelector("div");
      const found = {};
      for (const row of data.single(fitting)) (found[get(row, "scale")] ??= []).push(row);
      const known = ["percent", "months", "ratio"].filter(one => found[one]);
      if (!known.includes(scale))
        scale = known.toSorted((a, b) => found[b].length - found[a].length)[0] ?? "";
      const rows = (scale && found[scale]) || [];
      const others = Object.values(found).flat().length - rows.length;
      const choice = element(
        "select",
        {},
        ...known.map(
          one =>
            new Option(
              `${one === "percent" ? "per cent" : one} (${found[one].length})`,
              one,
              false,
              one === scale,
            ),
        ),
      );
      choice.addEventListener("change", () => ((scale = choice.value), drawPlot(), write()));
      const words = !rows.length
        ? "None of these rows has a number with an interval."
        : rows.length > MOST_DRAWN
          ? `Too many to draw: ${rows.length.toLocaleString("en-GB")} of these rows have an interval, and up to ${MOST_DRAWN} are drawn. Choose an end point, a disease or a study, or start with a question above.`
          : `Hollow points: fewer than 30 patients. A number that several sources report is drawn once.${others ? ` ${many(others, "row")} without an interval on this axis ${others === 1 ? "is" : "are"} not drawn.` : ""}`;
      place.replaceChildren(
        ...(known.length > 1 ? [element("label", {}, "Axis ", choice)] : []),
        element("p", {}, words),
        ...(rows.length && rows.length <= MOST_DRAWN ? [picture(rows, scale, place)] : []),
      );
    };

    // Pinned rows

    const differing = name => [
      ...new Set([...pins.values()].map(row => get(row, name)).filter(Boolean)),
    ];
    const differences = names =>
      names.flatMap(([name, label]) => {
        const found = differing(name);
        return found.length > 1 ? [`${label} (${found.join("; ")})`] : [];
      });
    const drawPins = () => {
      pinned.hidden = !pins.size;
      if (!pins.size) return pinned.replaceChildren();
      const rows = [...pins.values()];
      const apart = differences([
        ["endpoint", "end point"],
        ["grade", "grade"],
        ["statistic", "kind of number"],
        ["scale", "unit"],
      ]);
      const beware = differences([
        ["population", "population"],
        ["month", "month"],
        ["disease", "disease"],
      ]);
      const warning = element("p", { className: "explorer-notice" });
      if (apart.length)
        warning.append(
          `Not comparable: these rows differ in ${apart.join(", in ")}. They are not drawn on one axis.`,
        );
      if (beware.length)
        warning.append(
          `${apart.length ? " They also" : "Compare with care: these rows"} differ in ${beware.join(", in ")}.`,
        );
      const names = {
        study: "Study",
        what: "End point",
        group: "Group",
        shown: "Number",
        source: "Source",
      };
      const lines = rows.map(row =>
        element(
          "tr",
          {},
          ...Object.keys(names).map((name, i) =>
            element(i ? "td" : "th", i ? {} : { scope: "row" }, get(row, name)),
          ),
          element(
            "td",
            {},
            button("Unpin", () => toggle(row), {
              ariaLabel: `Unpin ${get(row, "study")}, ${get(row, "what")}`,
            }),
          ),
        ),
      );
      const heading = element("h2", { tabIndex: -1 }, `Pinned rows (${pins.size} of ${MOST_PINS})`);
      const head = element(
        "tr",
        {},
        ...[...Object.values(names), "Unpin"].map(name => element("th", { scope: "col" }, name)),
      );
      const place = element("div");
      pinned.replaceChildren(
        heading,
        ...(warning.textContent ? [warning] : []),
        element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines)),
        place,
        element(
          "p",
          {},
          button(
            "Unpin all",
            () => (
              pins.clear(),
              pinsChanged("No row is pinned."),
              panel.querySelector("summary").focus()
            ),
          ),
        ),
      );
      if (!apart.length && rows.every(row => get(row, "scale")))
        place.append(picture(rows, get(rows[0], "scale"), pinned));
    };
    const pinsChanged = words => {
      drawPins();
      for (const one of body.querySelectorAll("[data-pin]"))
        one.setAttribute("aria-pressed", pins.has(one.dataset.pin));
      write();
      announce(0, [words, pinned.querySelector(".explorer-notice")?.textContent].join(" ").trim());
    };
    const toggle = row => {
      const key = get(row, "id");
      if (!pins.has(key) && pins.size === MOST_PINS)
        return announce(0, "Six rows are pinned, which is the most: unpin one first.");
      const gone = pins.delete(key);
      if (!gone) pins.set(key, row);
      const inside = pinned.contains(document.activeElement);
      const done = gone ? "Unpinned" : "Pinned";
      pinsChanged(`${done} ${get(row, "study")}; ${many(pins.size, "row")} pinned.`);
      if (inside) (pinned.querySelector("h2") ?? panel.querySelector("summary")).focus();
    };

    // What is said: one message for each change that has settled, and none that says what was said before.

    const summary = () => {
      if (!fitting.length) return "No number fits: change or reset a filter.";
      const studies = new Set(fitting.map(row => get(row, "page"))).size;
      return `${many(fitting.length, "number")} of ${many(studies, "study", "studies")}${more.hidden ? "" : `; the first ${limit} are shown`}${order()}`;
    };
    let waiting;
    const announce = (delay = SETTLED, words = "") => {
      clearTimeout(waiting);
      const say = () => {
        const text = words || summary();
        if (status.textContent !== text) status.textContent = text;
      };
      delay ? (waiting = setTimeout(say, delay)) : say();
    };

    // Filters and the address

    const active = () =>
      fields.filter(one => (one.type === "checkbox" ? one.checked : one.value.trim()));
    const apply = () => {
      const { found, counts } = data.filter(facets, field.words.value, Number(field.size.value));
      fitting = ordered(field.same.checked ? data.single(found) : found);
      facets.forEach((select, i) => {
        for (const option of select.options) {
          if (!option.value) continue;
          const count = counts[i][data.code.get(option.value)] ?? 0;
          const text = `${option.value} (${count.toLocaleString("en-GB")})`;
          if (option.textContent !== text) option.textContent = text;
          option.hidden = option.disabled = !count && !option.selected;
        }
      });
      limit = STEP;
      draw();
      drawPlot();
      const filters = active().length;
      panel.querySelector("span").textContent =
        `${filters ? `(${filters})` : ""} ${many(fitting.length, "number")}`;
    };
    const write = () => {
      const state = new URLSearchParams(active().map(({ name, value }) => [name, value.trim()]));
      if (sort) state.set("sort", sort);
      if (plot.querySelector("select")) state.set("scale", scale);
      if (pins.size) state.set("pin", [...pins.keys()].join(","));
      if (state.get("scale") === "percent") state.delete("scale");
      try {
        history.replaceState(
          null,
          "",
          `${location.pathname}${String(state) && `?${state}`}${location.hash.includes("=") ? "" : location.hash}`,
        );
      } catch {} // a frame that may not change its address: the rows are filtered all the same
    };
    const change = () => {
      notice.hidden = true;
      apply();
      announce();
      write();
    };
    // Earlier addresses held the state after #: a fragment with = that names no place in the page.
    const old = () =>
      location.hash.includes("=") && !document.getElementById(location.hash.slice(1));
    const restore = () => {
      const state = new URLSearchParams(old() ? location.hash.slice(1) : location.search);
      const unknown = [];
      for (const one of fields) one.type === "checkbox" ? (one.checked = false) : (one.value = "");
      pins.clear();
      sort = scale = "";
      for (const [name, value] of state) {
        const one = field[name];
        const option = [...(one?.options ?? [])].find(
          option => american(plain(option.value)) === american(plain(value)),
        );
        if (name === "sort") {
          const [key, way] = value.split(" ");
          if (heads.some(head => head.dataset.sort === key) && ["up", "down"].includes(way))
            sort = value;
          else unknown.push(`the order “${value}”`);
        } else if (name === "scale") scale = value;
        else if (name === "pin") {
          for (const key of value.split(",").slice(0, MOST_PINS)) {
            const row = data.code.has(key) && data.rows.find(row => get(row, "id") === key);
            if (row) pins.set(key, row);
            else unknown.push(`the row “${key}”`);
          }
        } else if (!one) unknown.push(`the filter “${name}”`);
        else if (one.type === "checkbox" && one.value === value) one.checked = true;
        else if (option) one.value = option.value;
        else if (one.options || one.type === "checkbox")
          unknown.push(`${labels.get(name)} “${value}”`);
        else one.value = value;
      }
      notice.textContent = unknown.length
        ? `The address asks for ${unknown.join(" and ")}, which this table does not have; the rows are not filtered by it.`
        : "";
      notice.hidden = !unknown.length;
      apply();
      drawPins();
      announce(0);
      if (old()) write();
    };

    const download = kind => {
      const quoted = words => (/[",\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words);
      const here = new URL(root, location.href).href;
      const cited = row => [
        `${here}${get(row, "page")}.html#${get(row, "id")}`,
        `CAR-T in Numbers, version ${version}`,
      ];
      const lines = fitting.map(row =>
        [...EXPORTED.map(name => get(row, name)), ...cited(row)].map(quoted).join(","),
      );
      const mark = kind === "excel" ? "\ufeff" : ""; // without it Excel takes UTF-8 for another encoding
      const text = `${mark}${[[...EXPORTED, "entry", "data_from"].join(","), ...lines].join("\n")}\n`;
      const link = element("a", {
        href: URL.createObjectURL(new Blob([text], { type: "text/csv" })),
        download: `car-t-evidence${kind === "excel" ? "-excel" : ""}.csv`,
      });
      link.click();
      URL.revokeObjectURL(link.href);
    };

    const more = button(`Show ${STEP} more`, () => {
      const first = body.rows.length;
      limit += STEP;
      draw();
      announce();
      body.rows[first].tabIndex = -1;
      body.rows[first].focus();
    });
    table.after(element("p", { className: "explorer-more" }, more));
    for (const head of heads) {
      const control = button("", () => {
        const key = head.dataset.sort;
        sort = sort === `${key} up` ? `${key} down` : sort === `${key} down` ? "" : `${key} up`;
        change();
      });
      control.append(...head.childNodes);
      head.append(control);
    }
    explorer.querySelector(".explorer-rest").remove();
    for (const one of [panel, plot, explorer.querySelector(".explorer-views")]) one.hidden = false;
    panel.open = innerWidth > 720;
    explorer.addEventListener("focusin", () => status.setAttribute("aria-live", "polite"), {
      once: true,
    }); // quiet until a reader acts
    form.addEventListener("input", change);
    form.addEventListener(
      "submit",
      event => (event.preventDefault(), (panel.open = innerWidth > 720)),
    );
    form.addEventListener("reset", () => setTimeout(() => ((sort = scale = ""), change())));
    for (const one of form.querySelectorAll("[data-download]"))
      one.addEventListener("click", () => download(one.dataset.download));
    addEventListener("hashchange", () => old() && restore());
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      width = innerWidth;
      drawPlot();
      drawPins();
    });
    restore();
    explorer.dataset.ready = "";
    (window.requestIdleCallback ?? setTimeout)(() => data.prepare());
  };

  const begin = () => {
    const explorer = document.querySelector(".explorer");
    if (!explorer) return;
    const script = document.createElement("script"); // not a request: it works from a disk, too
    script.src = explorer.dataset.rows;
    script.onload = () => start(explorer, new Rows(window.bookRows));
    document.head.append(script);
  };
  document.readyState === "loading"
    ? document.addEventListener("DOMContentLoaded", begin)
    : begin();
})();
