// Explores a figure by its structure, with the keyboard or a pointer: the whole, then one column, then a group of rows,
// then one row with all its numbers. It reads the figure's table, marks what it names in the live chart, and links a
// selected row with the same row of the page's other figures. figure.js asks for it when a reader opens *Explore*.
(() => {
  const GROUP = 5; // parts of a list that is too long to walk
  const LONGEST = 6; // rows that are listed one by one
  const CATEGORIES = 12; // values of a column by which rows are grouped
  const PITCH = [220, 880]; // Hz of the lowest and the highest value
  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children.filter(Boolean));
    return made;
  };
  const many = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
  const number = text => {
    const found = /^-?[\d,]*\.?\d+/.exec(text.replace("\u2212", "-"));
    return found ? Number(found[0].replaceAll(",", "")) : NaN;
  };
  // One study has one name, whatever stands behind it in brackets.
  const same = label =>
    label
      .replace(/\s*\([^)]*\)$/, "")
      .toLowerCase()
      .trim();

  // The table of a figure as columns and rows of text.
  const read = figure => {
    const table = figure.querySelector("table");
    const columns = [...table.tHead.rows[0].cells].map((cell, place) => ({
      name: cell.textContent.trim(),
      numeric: cell.classList.contains("cb-number"),
      place,
    }));
    const rows = [...table.tBodies[0].rows].map(line => ({
      line,
      cells: [...line.cells].map(cell => cell.textContent.trim()),
    }));
    return { columns, rows };
  };

  // The tree: nodes have words, the rows below them, and children, which are made when they are asked for.
  const wordsOf = (columns, row) =>
    row.cells.map((cell, place) => (place ? `${columns[place].name} ${cell}` : cell)).join("; ");
  const leaf = (columns, row) => ({ words: wordsOf(columns, row), rows: [row], children: null });
  const span = (rows, place) =>
    rows.length === 1
      ? rows[0].cells[place]
      : `${rows[0].cells[place]} to ${rows.at(-1).cells[place]}`;
  const list = (columns, rows, place) => {
    if (rows.length <= LONGEST) return rows.map(row => leaf(columns, row));
    const size = Math.ceil(rows.length / GROUP);
    const parts = Array.from({ length: Math.ceil(rows.length / size) }, (_, part) =>
      rows.slice(part * size, (part + 1) * size),
    );
    return parts.map(part => ({
      words: `${span(part, place)}: ${many(part.length, "row")}`,
      rows: part,
      children: () => list(columns, part, place),
    }));
  };
  const byColumn = (columns, rows, column) => {
    const { name, place } = column;
    const values = [...new Set(rows.map(row => row.cells[place]))];
    if (values.length < 2 || (!column.numeric && values.length === rows.length)) return null;
    if (column.numeric) {
      const key = row => number(row.cells[place]);
      const sorted = [
        ...rows.filter(row => !isNaN(key(row))).toSorted((a, b) => key(a) - key(b)),
        ...rows.filter(row => isNaN(key(row))), // not reported, not reached
      ];
      const children = () => list(columns, sorted, place);
      return { words: `By ${name}, lowest first: ${span(sorted, place)}`, rows, children };
    }
    if (values.length > CATEGORIES) return null;
    const children = () =>
      values.map(value => {
        const part = rows.filter(row => row.cells[place] === value);
        return {
          words: `${value}: ${many(part.length, "row")}`,
          rows: part,
          children: () => list(columns, part, 0),
        };
      });
    return { words: `By ${name}: ${many(values.length, "group")}`, rows, children };
  };
  const treeOf = ({ columns, rows }) => ({
    words: `${many(rows.length, "row")} of ${columns.map(column => column.name).join(", ")}`,
    rows,
    children: () => [
      {
        words: `All rows, as in the table: ${many(rows.length, "row")}`,
        rows,
        children: () => list(columns, rows, 0),
      },
      ...columns
        .filter(column => !column.name.startsWith("95%")) // the ends of an interval order nothing
        .map(column => byColumn(columns, rows, column))
        .filter(Boolean),
    ],
  });

  // Marks of the live chart that show a row: those whose datum has most of its cells, the row's name among them.
  const marksOf = figure =>
    [...figure.querySelectorAll(".cb-live svg :is(path, circle, rect, text, line)")].filter(
      mark => mark.__data__?.datum && !mark.__data__.mark?.role?.includes("axis"),
    );
  const has = (values, cell) => {
    if (values.includes(cell)) return true;
    const asked = number(cell);
    if (isNaN(asked)) return false;
    const digits = /\.(\d+)/.exec(cell)?.[1].length ?? 0;
    return values.some(
      value => typeof value === "number" && Math.abs(value - asked) <= 0.51 * 10 ** -digits,
    );
  };
  const marksFor = (figure, row) => {
    let best = 1; // one cell alone may be a coincidence, unless the row has no more
    let found = [];
    for (const mark of marksOf(figure)) {
      const values = Object.values(mark.__data__.datum);
      const named = values.some(
        value => typeof value === "string" && same(value) === same(row.cells[0]),
      );
      const score =
        (named ? 2 : 0) + row.cells.slice(named ? 1 : 0).filter(cell => has(values, cell)).length;
      if (score > best) [best, found] = [score, []];
      if (score === best && score > 1) found.push(mark);
    }
    return found;
  };

  // Sound: the pitch is the place of a row's first number between the lowest and the highest of its column.
  let audio;
  const sound = ({ columns, rows }, row) => {
    const column = columns.find(one => one.numeric && one.place);
    const values = column ? rows.map(one => number(one.cells[column.place])) : [];
    const value = column ? number(row.cells[column.place]) : NaN;
    if (isNaN(value)) return;
    const known = values.filter(one => !isNaN(one));
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const part = high > low ? (value - low) / (high - low) : 0.5;
    audio ??= new AudioContext();
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = PITCH[0] * (PITCH[1] / PITCH[0]) ** part;
    volume.gain.setValueAtTime(0.2, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.3);
  };

  // A selected name: in every table and live chart of the page, and in its address.
  let selected = "";
  const show = figure => {
    for (const mark of marksOf(figure)) {
      const values = Object.values(mark.__data__.datum);
      const named = values.some(value => typeof value === "string" && same(value) === selected);
      mark.classList.toggle("is-selected", Boolean(selected) && named);
    }
    let rows = 0;
    for (const { line, cells } of read(figure).rows) {
      const chosen = Boolean(selected) && same(cells[0]) === selected;
      line.classList.toggle("is-selected", chosen);
      if (chosen) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
      rows += chosen;
    }
    return rows;
  };
  const figures = () => [...document.querySelectorAll("figure[data-chart]")];
  const select = (label, figure) => {
    selected = same(label);
    const count = figures().filter(show).length;
    const state = new URLSearchParams(location.search);
    selected ? state.set("select", label) : state.delete("select");
    try {
      const query = String(state) && `?${state}`;
      history.replaceState(null, "", `${location.pathname}${query}${location.hash}`);
    } catch {} // a frame that may not change its address
    if (!figure) return;
    let note = figure.querySelector(".cb-selection");
    if (!note) {
      note = element("p", { className: "cb-selection" });
      note.setAttribute("role", "status");
      figure.querySelector(".cb-picture").after(note);
    }
    const clear = element("button", { type: "button" }, "Clear");
    clear.addEventListener("click", () => {
      select("", figure);
      figure.querySelector(".cb-explore summary").focus();
    });
    note.replaceChildren(
      ...(selected
        ? [`Selected: ${label}, in ${many(count, "figure")} of this page. `, clear]
        : []),
    );
  };

  // A mark that a reader clicks selects the row whose name it has.
  const selectMark = (figure, mark) => {
    const texts = Object.values(mark.__data__?.datum ?? {}).filter(one => typeof one === "string");
    const names = new Set(texts.map(same));
    const row = read(figure).rows.find(({ cells }) => names.has(same(cells[0])));
    if (row) select(same(row.cells[0]) === selected ? "" : row.cells[0], figure);
  };

  const open = (figure, fold) => {
    const data = read(figure);
    const tree = element("ul", { className: "cb-tree" });
    tree.setAttribute("role", "tree");
    tree.setAttribute("aria-label", "Explore the chart");
    const nodes = new WeakMap(); // the node of each item
    const itemOf = (node, place, count, level) => {
      const item = element("li", { tabIndex: -1 }, element("span", {}, node.words));
      item.setAttribute("role", "treeitem");
      item.setAttribute("aria-label", node.words); // without the words of the items in it
      const state = { level, posinset: place + 1, setsize: count };
      for (const [name, value] of Object.entries(state)) item.setAttribute(`aria-${name}`, value);
      if (node.children) item.setAttribute("aria-expanded", "false");
      nodes.set(item, node);
      return item;
    };
    const level = item => Number(item.getAttribute("aria-level"));
    const expand = (item, wanted = true) => {
      if (!nodes.get(item).children) return;
      item.setAttribute("aria-expanded", String(wanted));
      item.querySelector("ul")?.remove();
      if (!wanted) return;
      const group = element("ul");
      group.setAttribute("role", "group");
      const children = nodes.get(item).children();
      group.append(
        ...children.map((node, place) => itemOf(node, place, children.length, level(item) + 1)),
      );
      item.append(group);
    };
    const light = rows => {
      for (const mark of figure.querySelectorAll(".cb-live .is-active"))
        mark.classList.remove("is-active");
      for (const row of rows)
        for (const mark of marksFor(figure, row)) mark.classList.add("is-active");
    };
    const go = item => {
      tree.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
      item.tabIndex = 0;
      item.focus();
      item.scrollIntoView({ block: "nearest" });
      const node = nodes.get(item);
      light(node.rows.length === data.rows.length ? [] : node.rows);
      if (!node.children && speaker.getAttribute("aria-pressed") === "true")
        sound(data, node.rows[0]);
    };
    const around = (item, step) => {
      const all = [...item.parentElement.children];
      return all[(all.indexOf(item) + step + all.length) % all.length];
    };
    const act = item => {
      const node = nodes.get(item);
      if (node.children) return enter(item);
      select(node.rows[0].cells[0], figure);
      marksFor(figure, node.rows[0])[0]?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    };
    const enter = item => {
      if (!nodes.get(item).children) return;
      if (item.getAttribute("aria-expanded") !== "true") expand(item);
      go(item.querySelector("[role=treeitem]"));
    };
    const collapse = item => {
      expand(item, false);
      go(item);
    };
    const leave = item => {
      const above = item.parentElement.closest("[role=treeitem]");
      if (above) collapse(above);
      else if (item.getAttribute("aria-expanded") === "true") collapse(item);
    };
    const keys = {
      ArrowDown: item => go(around(item, 1)),
      ArrowUp: item => go(around(item, -1)),
      ArrowRight: enter,
      ArrowLeft: leave,
      Home: item => go(item.parentElement.firstElementChild),
      End: item => go(item.parentElement.lastElementChild),
      Enter: act,
      " ": act,
    };
    tree.addEventListener("keydown", event => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const item = event.target;
      if (event.key === "Escape" && level(item) === 1) {
        fold.open = false;
        fold.querySelector("summary").focus();
      } else if (event.key === "Escape") leave(item);
      else if (keys[event.key]) keys[event.key](item);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    tree.addEventListener("click", event => {
      const item = event.target.closest("[role=treeitem]");
      if (!item) return;
      if (item.getAttribute("aria-expanded") === "true") collapse(item);
      else act(item);
      if (!nodes.get(item).children) go(item);
    });
    tree.addEventListener("focusout", event => tree.contains(event.relatedTarget) || light([]));
    const speaker = element("button", { type: "button" }, "Sound");
    speaker.setAttribute("aria-pressed", "false");
    speaker.addEventListener("click", () =>
      speaker.setAttribute("aria-pressed", String(speaker.getAttribute("aria-pressed") !== "true")),
    );
    fold.append(
      element(
        "p",
        { className: "cb-help" },
        "Arrow keys move, Enter opens or selects, Escape goes back. ",
        speaker,
      ),
      tree,
    );
    const root = itemOf(treeOf(data), 0, 1, 1);
    tree.append(root);
    expand(root);
    root.tabIndex = 0;
    fold.addEventListener("toggle", () => fold.open || light([]));
    return root;
  };

  const asked = new URLSearchParams(location.search).get("select");
  window.bookChartTree = { open, selectMark };
  document.addEventListener("cb-live", event => selected && show(event.target));
  if (asked) select(asked);
})();
