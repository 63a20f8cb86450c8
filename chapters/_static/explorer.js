// The evidence explorer: filters, sorts and exports the rows of its table; the state is in the address.
(() => {
  const begin = () => {
    const explorer = document.querySelector(".cb-explorer");
    if (!explorer) return;
    const form = explorer.querySelector("form");
    const body = explorer.querySelector("tbody");
    const rows = [...body.rows];
    const said = explorer.querySelector("[aria-live]");
    const heads = [...explorer.querySelectorAll("th[data-sort]")];
    const value = name => form.elements[name].value;
    const fields = [...form.elements].filter(one => one.name);
    let sort = "";

    const fits = row =>
      fields.every(({ name }) => {
        const wanted = value(name);
        if (!wanted) return true;
        if (name === "size") return Number(row.dataset.n || 0) >= Number(wanted);
        if (name === "words") return row.textContent.toLowerCase().includes(wanted.toLowerCase());
        return row.dataset[name] === wanted;
      });

    const order = () => {
      const [key, way] = sort.split(" ");
      const number = row => (row.dataset[key] === "" ? -Infinity : Number(row.dataset[key]));
      const compare = ["percent", "n", "place"].includes(key)
        ? (a, b) => number(a) - number(b)
        : (a, b) => (a.dataset[key] || "").localeCompare(b.dataset[key] || "");
      const sorted = key ? [...rows].sort((a, b) => (way === "down" ? compare(b, a) : compare(a, b))) : rows;
      body.append(...sorted);
      for (const head of heads) {
        const mine = head.dataset.sort === key;
        head.setAttribute("aria-sort", !mine ? "none" : way === "down" ? "descending" : "ascending");
      }
    };

    const apply = (write = true) => {
      rows.forEach(row => (row.hidden = !fits(row)));
      order();
      const shown = rows.filter(row => !row.hidden);
      const studies = new Set(shown.map(row => row.dataset.study)).size;
      said.textContent = shown.length ? `${shown.length} numbers of ${studies} ${studies === 1 ? "study" : "studies"}` : "No number fits: loosen a filter.";
      if (!write) return;
      const state = new URLSearchParams(fields.filter(({ name }) => value(name)).map(({ name }) => [name, value(name)]));
      if (sort) state.set("sort", sort);
      history.replaceState(null, "", `${location.pathname}${location.search}#${state}`);
    };

    const restore = () => {
      const state = new URLSearchParams(location.hash.slice(1));
      fields.forEach(one => (one.value = state.get(one.name) ?? ""));
      sort = state.get("sort") ?? "";
      apply(false);
    };

    const quoted = text => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const download = () => {
      const columns = ["study", "disease", "target", "product", "country", "phase", "endpoint", "grade", "population", "value", "unit", "events", "n", "percent", "low", "high", "month", "section"];
      const lines = rows.filter(row => !row.hidden).map(row => columns.map(name => quoted(row.dataset[name] ?? "")).join(","));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([[columns.join(","), ...lines].join("\n") + "\n"], { type: "text/csv" }));
      link.download = "car-t-evidence.csv";
      link.click();
      URL.revokeObjectURL(link.href);
    };

    form.hidden = false;
    form.addEventListener("input", () => apply());
    form.addEventListener("submit", event => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => ((sort = ""), apply())));
    form.querySelector("[data-download]").addEventListener("click", download);
    heads.forEach(head =>
      head.querySelector("button").addEventListener("click", () => {
        const key = head.dataset.sort;
        sort = sort === `${key} up` ? `${key} down` : sort === `${key} down` ? "" : `${key} up`;
        apply();
      }),
    );
    addEventListener("hashchange", restore);
    restore();
  };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", begin) : begin();
})();
