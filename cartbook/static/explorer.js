// The evidence explorer: filters, sorts and exports rows. The state is in the query of the address, so that a link to
// a place in the page changes nothing. The page holds the first rows; where there are more, a script beside it brings
// the rest, and a button shows them in steps.
(() => {
  const STEP = 300; // rows shown at once
  const SETTLED = 350; // ms without a change, after which the count is announced
  const NUMBERS = ["percent", "n", "place"]; // columns that are sorted as numbers

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

  const element = (name, ...children) => {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  };

  const begin = () => {
    const explorer = document.querySelector(".cb-explorer");
    if (!explorer) return;
    const form = explorer.querySelector("form");
    const body = explorer.querySelector("tbody");
    const status = explorer.querySelector(".cb-said");
    const notice = explorer.querySelector(".cb-notice");
    const more = Object.assign(element("button", `Show ${STEP} more`), {
      type: "button",
      hidden: true,
    });
    const heads = [...explorer.querySelectorAll("th[data-sort]")];
    const fields = [...form.elements].filter(one => one.name);
    const collator = new Intl.Collator("en");
    const rows = [...body.rows].map(tr => ({ ...tr.dataset, tr }));
    let sort = "";
    let fitting = rows;
    let limit = STEP;

    // What is searched: the row's fields, and what its cells show, each apart from the next.
    const SEARCHED = [
      "study",
      "disease",
      "target",
      "product",
      "country",
      "endpoint",
      "grade",
      "population",
      "flag",
      "note",
    ];
    const shownIn = tr => {
      const texts = [];
      const walker = document.createTreeWalker(tr, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) texts.push(walker.currentNode.data);
      return texts;
    };
    const text = row => {
      if (row.text === undefined) {
        const shown =
          row.tr && row.what === undefined
            ? shownIn(row.tr)
            : [row.what, row.group, row.shown, row.where];
        row.text = plain([...SEARCHED.map(name => row[name]), ...shown].join(" "));
        row.american = american(row.text);
      }
      return row;
    };
    rows.forEach(text); // now, before a browser translates what the page shows

    const drawn = row => {
      if (row.tr) return row.tr;
      const head = element("th", row.study, element("small", row.disease));
      const number = element("td", row.shown);
      head.scope = "row";
      if (row.percent) {
        const bar = element("span");
        bar.className = "cb-bar";
        bar.setAttribute("aria-hidden", "true");
        for (const [name, end] of [
          ["low", row.low],
          ["mid", row.percent],
          ["high", row.high],
        ])
          bar.style.setProperty(`--${name}`, end);
        number.append(bar);
      }
      number.append(element("small", row.where));
      if (row.flag || row.note) {
        const remark = element("small");
        remark.className = "cb-remark";
        if (row.flag) remark.append(element("strong", `Flag: ${row.flag}.`), " ");
        remark.append(row.note);
        number.append(remark);
      }
      return (row.tr = element(
        "tr",
        head,
        element("td", row.what, element("small", row.group)),
        number,
      ));
    };

    const tests = {
      size: wanted => row => Number(row.n || 0) >= Number(wanted),
      words: wanted => {
        const words = plain(wanted)
          .split(" ")
          .map(word => [word, american(word)]);
        return row =>
          words.every(
            ([word, other]) => text(row).text.includes(word) || row.american.includes(other),
          );
      },
    };
    const chosen = () => {
      const asked = fields
        .filter(one => one.value.trim())
        .map(({ name, value }) => tests[name]?.(value) ?? (row => row[name] === value));
      return rows.filter(row => asked.every(test => test(row)));
    };

    const ordered = some => {
      const [key, way] = sort.split(" ");
      for (const head of heads) {
        head.setAttribute(
          "aria-sort",
          head.dataset.sort !== key ? "none" : way === "down" ? "descending" : "ascending",
        );
      }
      if (!key) return some;
      const blank = row => (row[key] ?? "") === "";
      const compare = NUMBERS.includes(key)
        ? (a, b) => Number(a[key]) - Number(b[key])
        : (a, b) => collator.compare(a[key], b[key]);
      const sign = way === "down" ? -1 : 1;
      return some.sort((a, b) => blank(a) - blank(b) || (blank(a) ? 0 : sign * compare(a, b))); // blanks last, both ways
    };
    const order = () => {
      const [key, way] = sort.split(" ");
      const head = heads.find(one => one.dataset.sort === key);
      if (!head) return "";
      const ends = NUMBERS.includes(key) ? ["lowest first", "highest first"] : ["A to Z", "Z to A"];
      return `; sorted by ${head.querySelector("button").textContent}, ${ends[way === "down" ? 1 : 0]}`;
    };

    const draw = () => {
      body.replaceChildren(...fitting.slice(0, limit).map(drawn));
      more.hidden = fitting.length <= limit;
    };
    const summary = () => {
      if (!fitting.length) return "No number fits: change or reset a filter.";
      const studies = new Set(fitting.map(row => row.study)).size;
      const counted = `${fitting.length.toLocaleString("en-GB")} ${fitting.length === 1 ? "number" : "numbers"} of ${studies.toLocaleString("en-GB")} ${studies === 1 ? "study" : "studies"}`;
      return `${counted}${more.hidden ? "" : `; the first ${limit} are shown`}${order()}`;
    };
    // One message for each change that has settled, and none that says what was said before.
    let waiting;
    const announce = (delay = SETTLED) => {
      clearTimeout(waiting);
      const say = () => {
        const words = summary();
        if (status.textContent !== words) status.textContent = words;
      };
      delay ? (waiting = setTimeout(say, delay)) : say();
    };

    const apply = () => {
      fitting = ordered(chosen());
      limit = STEP;
      draw();
    };
    const write = () => {
      const state = new URLSearchParams(
        fields.filter(one => one.value.trim()).map(({ name, value }) => [name, value.trim()]),
      );
      if (sort) state.set("sort", sort);
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
      const labels = Object.fromEntries(
        fields.map(one => [one.name, one.closest("label").firstChild.textContent]),
      );
      fields.forEach(one => (one.value = ""));
      sort = "";
      for (const [name, value] of state) {
        const field = fields.find(one => one.name === name);
        const options = [...(field?.options ?? [])];
        if (name === "sort") {
          const [key, way] = value.split(" ");
          if (heads.some(head => head.dataset.sort === key) && ["up", "down"].includes(way))
            sort = value;
          else unknown.push(`the order “${value}”`);
        } else if (!field) unknown.push(`the filter “${name}”`);
        else if (!field.options) field.value = value;
        else {
          const option = options.find(one => american(plain(one.value)) === american(plain(value)));
          if (option) field.value = option.value;
          else unknown.push(`${labels[name]} “${value}”`);
        }
      }
      notice.textContent = unknown.length
        ? `The address asks for ${unknown.join(" and ")}, which this table does not have; the rows are not filtered by it.`
        : "";
      notice.hidden = !unknown.length;
      apply();
      announce(0);
      if (old()) write();
    };

    const quoted = cell => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
    const download = form => {
      const columns = [
        "study",
        "disease",
        "target",
        "product",
        "country",
        "phase",
        "endpoint",
        "grade",
        "population",
        "value",
        "unit",
        "events",
        "n",
        "percent",
        "low",
        "high",
        "month",
        "section",
        "flag",
        "note",
      ];
      const lines = fitting.map(row => columns.map(name => quoted(row[name] ?? "")).join(","));
      const mark = form === "excel" ? "\ufeff" : ""; // without it Excel takes UTF-8 for another encoding
      const link = document.createElement("a");
      link.href = URL.createObjectURL(
        new Blob([`${mark}${[columns.join(","), ...lines].join("\n")}\n`], { type: "text/csv" }),
      );
      link.download = form === "excel" ? "car-t-evidence-excel.csv" : "car-t-evidence.csv";
      link.click();
      URL.revokeObjectURL(link.href);
    };

    // A script, not a request: it works from a disk, too. Each row holds places in a list of words.
    const rest = () => {
      const script = document.createElement("script");
      script.src = explorer.dataset.rest;
      script.onload = () => {
        const { columns, words, rows: coded } = window.cartbookEvidence;
        for (const row of coded)
          rows.push(Object.fromEntries(columns.map((name, i) => [name, words[row[i]]])));
        explorer.querySelector(".cb-rest").remove();
        apply();
        announce(0);
      };
      document.head.append(script);
    };

    form.hidden = false;
    explorer.addEventListener("focusin", () => status.setAttribute("aria-live", "polite"), {
      once: true,
    }); // quiet until a reader acts
    form.addEventListener("input", change);
    form.addEventListener("submit", event => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => ((sort = ""), change())));
    for (const button of form.querySelectorAll("[data-download]"))
      button.addEventListener("click", () => download(button.dataset.download));
    more.setAttribute("data-more", "");
    explorer.append(element("p", more));
    more.addEventListener("click", () => {
      const first = limit;
      limit += STEP;
      draw();
      announce();
      body.rows[first].tabIndex = -1;
      body.rows[first].focus();
    });
    for (const head of heads) {
      const button = Object.assign(element("button", ...head.childNodes), { type: "button" });
      head.append(button);
      button.addEventListener("click", () => {
        const key = head.dataset.sort;
        sort = sort === `${key} up` ? `${key} down` : sort === `${key} down` ? "" : `${key} up`;
        change();
      });
    }
    addEventListener("hashchange", () => old() && restore());
    restore();
    if (explorer.dataset.rest) rest();
  };
  document.readyState === "loading"
    ? document.addEventListener("DOMContentLoaded", begin)
    : begin();
})();
