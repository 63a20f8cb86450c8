// A forest plot as SVG: groups of estimates with intervals on one axis, which is at the top. Used by explorer.js.
(() => {
  const AXIS = 30; // px for the axis
  const GROUP = 30;
  const SMALL = 30; // patients below which a point is hollow
  const create = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const cut = (text, width, size = 6.4) => {
    const most = Math.max(6, Math.floor(width / size));
    return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
  };

  // Ticks and position (0 to 1) of a scale: per cent, a time from 0, or ratios on a logarithmic axis.
  const scales = {
    percent: () => ({ ticks: [0, 25, 50, 75, 100], at: x => x / 100, name: x => `${x}%` }),
    months: rows => {
      const most = Math.max(...rows.map(row => row.high));
      const step = [1, 2, 5, 6, 12, 24, 48, 96, 192].find(one => most / one <= 6) ?? most;
      const ticks = Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
      return { ticks, at: x => x / ticks.at(-1), name: x => `${x}` };
    },
    ratio: rows => {
      const ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
      const low = ticks.findLastIndex(one => one <= Math.min(0.5, ...rows.map(row => row.low)));
      const high = ticks.findIndex(one => one >= Math.max(2, ...rows.map(row => row.high)));
      const shown = ticks.slice(Math.max(low, 0), high < 0 ? undefined : high + 1);
      const span = Math.log(shown.at(-1) / shown[0]);
      return { ticks: shown, at: x => Math.log(x / shown[0]) / span, name: x => `${x}` };
    },
  };
  const titles = { percent: "per cent", months: "months", ratio: "ratio, logarithmic axis" };

  // groups: [{ title, rows: [{ label, estimate, low, high, n, text }] }]; the SVG is an image with a description.
  window.bookForest = (groups, scale, width) => {
    const rows = groups.flatMap(one => one.rows);
    const narrow = width < 560;
    const left = narrow ? 8 : Math.min(260, width * 0.34);
    const right = narrow ? width - 24 : width - 190;
    const step = narrow ? 42 : 25;
    const height = AXIS + groups.length * GROUP + rows.length * step + 8;
    const { ticks, at, name } = scales[scale](rows);
    const x = value => left + Math.min(1, Math.max(0, at(value))) * (right - left);
    const svg = create("svg", {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      class: "forest",
      role: "img",
      "aria-label": `Forest plot of ${rows.length} numbers with their 95% intervals, in ${titles[scale]}, in ${groups.length} ${groups.length === 1 ? "group" : "groups"} by end point and population. The table below has the same numbers.`,
    });
    for (const tick of ticks) {
      const line = { x1: x(tick), x2: x(tick), y1: AXIS - 6, y2: height };
      const middle = scale === "ratio" && tick === 1;
      svg.append(create("line", { ...line, class: middle ? "forest-one" : "forest-grid" }));
      svg.append(
        create(
          "text",
          { x: x(tick), y: 14, "text-anchor": "middle", class: "forest-tick" },
          name(tick),
        ),
      );
    }
    let y = AXIS;
    for (const group of groups) {
      svg.append(
        create("text", { x: 0, y: y + 20, class: "forest-group" }, cut(group.title, width, 7.6)),
      );
      y += GROUP;
      for (const row of group.rows) {
        const middle = y + (narrow ? 30 : step / 2);
        const line = { x1: x(row.low), x2: x(row.high), y1: middle, y2: middle };
        const end = narrow ? width - 6.2 * row.text.length : left;
        const label = { x: 0, y: narrow ? y + 16 : middle + 4 };
        svg.append(create("text", label, cut(row.label, end - 8)));
        svg.append(create("line", { ...line, class: "forest-line" }));
        const hollow = row.n < SMALL ? " forest-hollow" : "";
        const dot = { cx: x(row.estimate), cy: middle, r: 5, class: `forest-dot${hollow}` };
        svg.append(create("circle", dot));
        const text = { x: width, y: label.y, "text-anchor": "end", class: "forest-tick" };
        svg.append(create("text", text, row.text));
        y += step;
      }
    }
    return svg;
  };
})();
