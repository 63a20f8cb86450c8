// Named by html_search_scorer, so it is part of Sphinx's language_data.js on the search page: the weights are Sphinx's own.
// A page that was found is taken to the section in which the words are, and they are shown in their sentence.
(() => {
  const stemmer = new Stemmer();
  const stems = new Map();
  const stem = word => {
    const lower = word.toLowerCase();
    if (!stems.has(lower)) stems.set(lower, stemmer.stemWord(lower));
    return stems.get(lower);
  };
  const asked = () =>
    splitQuery(new URLSearchParams(location.search).get("q") ?? "")
      .filter(word => !stopwords.includes(word.toLowerCase()))
      .map(stem);
  // As in Sphinx's search, a part of a longer word counts where it has three letters.
  const fits = (word, wanted) =>
    stem(word) === wanted || (wanted.length > 2 && stem(word).includes(wanted));

  // Of a page's sections, the one that has most of the words; of equals, one with a word in its title, then the first.
  const best = name => {
    const wanted = asked();
    let found,
      most = 0;
    for (const [id, title, text] of bookSections[name] ?? []) {
      const heading = splitQuery(title);
      const words = [...new Set([...heading, ...splitQuery(text)])];
      const points =
        2 * wanted.filter(one => words.some(word => fits(word, one))).length +
        (wanted.some(one => heading.some(word => fits(word, one))) ? 1 : 0);
      if (points > most) [found, most] = [{ id, title, text }, points];
    }
    return found;
  };
  const byId = (name, wanted) => {
    const [id, title, text] = bookSections[name]?.find(([one]) => one === wanted) ?? [];
    return id && { id, title, text };
  };
  const top = name => bookSections[name]?.[0]?.[0]; // the section under the page's own heading

  const escaped = text =>
    Object.assign(document.createElement("i"), { textContent: text }).innerHTML;

  window.Scorer = {
    objNameMatch: 11,
    objPartialMatch: 6,
    objPrio: { 0: 15, 1: 5, 2: -5 },
    objPrioDefault: 0,
    title: 15,
    partialTitle: 7,
    term: 5,
    partialTerm: 2,
    score: result => {
      const [name, title, anchor, , points] = result;
      const section = anchor ? byId(name, anchor.slice(1)) : best(name);
      if (section && section.id !== top(name)) {
        result[1] = `${title.split(" > ")[0]} > ${escaped(section.title)}`; // as Sphinx writes a section that it finds by its title
        result[2] = `#${section.id}`;
      }
      return points;
    },
  };

  const excerpt = text => {
    const wanted = asked();
    const word = [...text.matchAll(/[\p{L}\p{N}_]+/gu)].find(([one]) =>
      wanted.some(other => fits(one, other)),
    );
    const start = word && word.index > 120 ? text.lastIndexOf(" ", word.index - 100) + 1 : 0;
    const end = text.length > start + 240 ? text.lastIndexOf(" ", start + 240) : text.length;
    return `${start ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
  };
  const explain = item => {
    const link = item.querySelector?.("a");
    if (!link || item.querySelector(".context")) return;
    const address = new URL(link.href);
    const name = Object.keys(bookSections).find(one => address.pathname.endsWith(`/${one}.html`));
    const section = byId(name, decodeURIComponent(address.hash.slice(1)) || top(name));
    if (!section?.text) return;
    const words = document.createElement("p");
    words.className = "context";
    words.textContent = excerpt(section.text);
    item.append(words);
  };
  // The index and the texts are 250 kB: a page without a question does not need them.
  const load = () => {
    const sections = document.createElement("script");
    sections.addEventListener("load", () => Search.loadIndex("searchindex.js"));
    sections.src = "_static/sections.js";
    document.body.append(sections);
  };
  document.addEventListener("DOMContentLoaded", () => {
    if (new URLSearchParams(location.search).get("q")) load();
    const results = document.getElementById("search-results");
    const watch = new MutationObserver(seen =>
      seen.forEach(one => one.addedNodes.forEach(node => node.nodeName === "LI" && explain(node))),
    );
    watch.observe(results, { childList: true, subtree: true });
  });
})();
