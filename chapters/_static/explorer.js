// The evidence explorer: filters, sorts and exports rows; the state is in the address.
// The page holds the first rows; where there are more, a script beside it brings the rest, and a button shows them in steps.
(() => {
  const STEP = 300; // rows shown at once
  const begin = () => {
    const explorer = document.querySelector(".cb-explorer");
    if (!explorer) return;
    const form = explorer.querySelector("form");
    const body = explorer.querySelector("tbody");
    const said = explorer.querySelector(".cb-said");
    const more = explorer.querySelector("[data-more]");
    const heads = [...explorer.querySelectorAll("th[data-sort]")];
    const fields = [...form.elements].filter(one => one.name);
    const words = new Intl.Collator("en");
    const rows = [...body.rows].map(tr => ({ ...tr.dataset, tr, text: tr.textContent.toLowerCase() }));
    let sort = "";
    let fitting = rows;
    let limit = STEP;

    const text = row => (row.text ??= [row.study, row.disease, row.what, row.group, row.shown, row.where].join(" ").toLowerCase());

    const element = (name, content, ...children) => {
      const made = document.createElement(name);
      made.append(content, ...children);
      return made;
    };
    const drawn = row => {
      if (row.tr) return row.tr;
      const head = element("th", row.study, element("small", row.disease));
      const number = element("td", row.shown);
      head.scope = "row";
      if (row.percent) {
        const bar = element("span", "");
        bar.className = "cb-bar";
        bar.setAttribute("aria-hidden", "true");
        for (const [name, end] of [["low", row.low], ["mid", row.percent], ["high", row.high]]) bar.style.setProperty(`--${name}`, end);
        number.append(bar);
      }
      number.append(element("small", row.where));
      return (row.tr = element("tr", head, element("td", row.what, element("small", row.group)), number));
    };

    const tests = {
      size: wanted => row => Number(row.n || 0) >= Number(wanted),
      words: wanted => row => text(row).includes(wanted.toLowerCase()),
    };
    const chosen = () => {
      const asked = fields.filter(one => one.value).map(({ name, value }) => tests[name]?.(value) ?? (row => row[name] === value));
      return rows.filter(row => asked.every(test => test(row)));
    };

    const ordered = some => {
      const [key, way] = sort.split(" ");
      for (const head of heads) {
        head.setAttribute("aria-sort", head.dataset.sort !== key ? "none" : way === "down" ? "descending" : "ascending");
      }
      if (!key) return some;
      const number = row => (row[key] === "" ? -Infinity : Number(row[key]));
      const compare = ["percent", "n", "place"].includes(key)
        ? (a, b) => number(a) - number(b)
        : (a, b) => words.compare(a[key] ?? "", b[key] ?? "");
      return some.sort((a, b) => (way === "down" ? compare(b, a) : compare(a, b)));
    };

    const show = () => {
      body.replaceChildren(...fitting.slice(0, limit).map(drawn));
      more.hidden = fitting.length <= limit;
      const studies = new Set(fitting.map(row => row.study)).size;
      const told = `${fitting.length.toLocaleString("en-GB")} numbers of ${studies.toLocaleString("en-GB")} ${studies === 1 ? "study" : "studies"}`;
      said.textContent = !fitting.length ? "No number fits: loosen a filter." : more.hidden ? told : `${told}; the first ${limit} are shown`;
    };

    const apply = (write = true) => {
      fitting = ordered(chosen());
      limit = STEP;
      show();
      if (!write) return;
      const state = new URLSearchParams(fields.filter(one => one.value).map(({ name, value }) => [name, value]));
      if (sort) state.set("sort", sort);
      history.replaceState(null, "", `${location.pathname}${location.search}#${state}`);
    };

    const restore = () => {
      const state = new URLSearchParams(location.hash.slice(1));
      fields.forEach(one => (one.value = state.get(one.name) ?? ""));
      sort = state.get("sort") ?? "";
      apply(false);
    };

    const quoted = cell => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
    const download = () => {
      const columns = ["study", "disease", "target", "product", "country", "phase", "endpoint", "grade", "population", "value", "unit", "events", "n", "percent", "low", "high", "month", "section"];
      const lines = fitting.map(row => columns.map(name => quoted(row[name] ?? "")).join(","));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([[columns.join(","), ...lines].join("\n") + "\n"], { type: "text/csv" }));
      link.download = "car-t-evidence.csv";
      link.click();
      URL.revokeObjectURL(link.href);
    };

    // A script, not a request: it works from a disk, too. Each row holds places in a list of words.
    const rest = () => {
      const script = document.createElement("script");
      script.src = explorer.dataset.rest;
      script.onload = () => {
        const { columns, words, rows: coded } = window.cartbookEvidence;
        for (const row of coded) rows.push(Object.fromEntries(columns.map((name, i) => [name, words[row[i]]])));
        explorer.querySelector(".cb-rest").remove();
        apply(false);
      };
      document.head.append(script);
    };

    form.hidden = false;
    explorer.addEventListener("focusin", () => said.setAttribute("aria-live", "polite"), { once: true }); // quiet until a reader acts
    form.addEventListener("input", () => apply());
    form.addEventListener("submit", event => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => ((sort = ""), apply())));
    form.querySelector("[data-download]").addEventListener("click", download);
    more.addEventListener("click", () => {
      const first = limit;
      limit += STEP;
      show();
      body.rows[first].tabIndex = -1;
      body.rows[first].focus();
    });
    heads.forEach(head =>
      head.querySelector("button").addEventListener("click", () => {
        const key = head.dataset.sort;
        sort = sort === `${key} up` ? `${key} down` : sort === `${key} down` ? "" : `${key} up`;
        apply();
      }),
    );
    addEventListener("hashchange", restore);
    restore();
    if (explorer.dataset.rest) rest();
  };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", begin) : begin();
})();
