// Cards at links: behind every number what sphinxext/evidence.py writes into evidence/STUDY.js, at the links to
// evidence/STUDY.html; behind terms and citations what sphinxext/previews.py writes beside glossary and references.
// Hover or focus shows a card, Escape closes it. A click, a tap or Enter opens that of a number for use; at a term or
// a citation only a tap does, else the link leads where it says. Without scripts, or where a card cannot be loaded,
// every link does.
(() => {
  const SHOW = 300; // ms over a link before its card shows
  const HIDE = 250; // ms that the pointer may be elsewhere before it closes
  const EDGE = 8; // px between a card and the window's edge
  const cards = new Map(); // address of a script: its cards and citations; "#KEY" stands for the card of that key

  window.bookEvidence = (entries, sources) =>
    Object.assign(document.currentScript, { bookEvidence: { entries, sources } });
  const load = link => {
    const address = link.href.split("#")[0].replace(/\.html$/, ".js");
    if (!cards.has(address))
      cards.set(
        address,
        new Promise((resolve, reject) => {
          const script = document.createElement("script");
          script.src = address;
          script.onload = () => resolve(script.bookEvidence);
          script.onerror = () => (cards.delete(address), reject(new Error(address)));
          document.head.append(script);
        }),
      );
    return cards.get(address);
  };

  // Links of one sentence are one tab stop: the arrow keys go from number to number.
  const groups = new Map();
  const group = links => {
    let last, members;
    for (const link of links) {
      const block =
        link.closest("p, li, dd, td, th, h1, h2, h3, figcaption, .bd-article") ?? document.body;
      const between = document.createRange();
      if (last?.block === block) {
        between.setStartAfter(last.link);
        between.setEndBefore(link);
      }
      if (last?.block !== block || /[.!?][”)]?\s/.test(between.toString())) members = [];
      members.push(link);
      groups.set(link, members);
      link.tabIndex = members.length > 1 ? -1 : 0;
      last = { link, block };
    }
  };

  const begin = () => {
    const links = [...document.querySelectorAll("a.evidence")];
    const previews = [...document.querySelectorAll("a.preview")];
    if (!links.length && !previews.length) return;
    group(links);
    const card = document.createElement("div");
    card.className = "evidence-card d-print-none";
    card.id = "evidence-card";
    card.hidden = true;
    card.tabIndex = -1;
    card.setAttribute("role", "dialog");
    document.body.append(card);
    let link, timer, used; // `used`: the reader opened the card, and the focus is in it
    let touched; // whether the pointer that was last pressed was a finger
    const expand = (one, yes) =>
      one?.hasAttribute("aria-haspopup") && one.setAttribute("aria-expanded", String(yes));

    const place = () => {
      const rects = [...link.getClientRects()];
      const rect = rects[0] ?? link.getBoundingClientRect();
      const width = document.documentElement.clientWidth;
      const below = innerHeight - rects.at(-1).bottom - 2 * EDGE;
      const above = rect.top - 2 * EDGE;
      const up = below < Math.min(card.scrollHeight, 320) && above > below;
      card.style.maxHeight = `${Math.max(160, Math.min(up ? above : below, 480))}px`;
      const left = Math.max(EDGE, Math.min(rect.left, width - card.offsetWidth - EDGE));
      card.style.left = `${left + scrollX}px`;
      card.style.top = `${scrollY + (up ? rect.top - card.offsetHeight - EDGE / 2 : rects.at(-1).bottom + EDGE / 2)}px`;
    };
    const close = () => {
      clearTimeout(timer);
      expand(link, false);
      link?.removeAttribute("aria-describedby");
      card.hidden = true;
      link = undefined;
      used = false;
    };
    const open = async (to, use = false) => {
      clearTimeout(timer);
      if (link !== to) {
        if (link) close();
        link = to;
        const key = decodeURIComponent(to.hash.slice(1));
        let html;
        try {
          const { entries } = await load(to);
          html = entries[key]?.startsWith("#") ? entries[entries[key].slice(1)] : entries[key];
        } catch {}
        if (link !== to) return; // another one meanwhile
        if (!html) {
          link = undefined;
          if (use) location.assign(to.href);
          return;
        }
        card.innerHTML = html;
        const title = card.querySelector(".evidence-card-title");
        card.setAttribute("aria-label", title.textContent);
        card.querySelector(".evidence-number, .preview-text").id = "evidence-said";
        for (const one of card.querySelectorAll("a[href^='#']"))
          one.href = `${to.href.split("#")[0]}${one.getAttribute("href")}`;
        const number = groups.get(to)?.indexOf(to) + 1;
        if (groups.get(to)?.length > 1) {
          const note = document.createElement("p");
          note.className = "evidence-note";
          note.textContent = `Number ${number} of ${groups.get(to).length} in this sentence: the arrow keys go to the others.`;
          card.append(note);
        }
        const status = document.createElement("p");
        status.className = "evidence-note";
        status.setAttribute("role", "status");
        card.append(status);
        card.hidden = false;
        card.scrollTop = 0;
        place();
        expand(to, true);
        to.setAttribute("aria-describedby", "evidence-said");
      }
      if (use) {
        used = true;
        card.focus({ preventScroll: true });
      }
    };
    const later = (act, delay) => {
      clearTimeout(timer);
      timer = setTimeout(act, delay);
    };
    const leave = () => {
      const back = link;
      const inside = card.contains(document.activeElement);
      close();
      if (inside) quiet(() => back?.focus());
    };
    let silent = false; // the focus comes back to a link whose card was closed
    const quiet = act => {
      silent = true;
      act();
      silent = false;
    };

    for (const one of [...links, ...previews]) {
      one.addEventListener("pointerenter", event => {
        if (event.pointerType !== "mouse" || used) return;
        load(one).catch(() => {});
        later(() => open(one), SHOW);
      });
      one.addEventListener("pointerleave", () => used || later(close, HIDE));
      one.addEventListener("focus", () => silent || (one.matches(":focus-visible") && open(one)));
      one.addEventListener("blur", event => {
        if (!used && link === one && !card.contains(event.relatedTarget) && !card.matches(":hover"))
          close();
      });
    }
    for (const one of previews)
      one.addEventListener("click", event => {
        if (!touched || !event.detail || (link === one && !card.hidden)) return; // to where it leads
        event.preventDefault();
        open(one, true);
      });
    for (const one of links) {
      one.setAttribute("aria-haspopup", "dialog");
      one.setAttribute("aria-expanded", "false");
      one.addEventListener("click", event => {
        if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
          return;
        event.preventDefault();
        open(one, true);
      });
      one.addEventListener("keydown", event => {
        const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        const members = groups.get(one);
        if (!step || members.length < 2) return;
        event.preventDefault();
        const next = members[(members.indexOf(one) + step + members.length) % members.length];
        for (const member of members) member.tabIndex = member === next ? 0 : -1;
        next.focus();
      });
    }
    card.addEventListener("pointerenter", () => clearTimeout(timer));
    card.addEventListener("pointerleave", () => used || later(close, HIDE));
    card.addEventListener("focusin", () => (used = true));
    card.addEventListener("focusout", event => {
      if (event.relatedTarget && !card.contains(event.relatedTarget)) close();
    });
    // Tab at the end of a card goes on behind its link.
    card.addEventListener("keydown", event => {
      if (event.key !== "Tab") return;
      const stops = [...card.querySelectorAll("a[href], button, summary")];
      const first = document.activeElement === card || document.activeElement === stops[0];
      if (event.shiftKey ? !first : document.activeElement !== stops.at(-1)) return;
      if (event.shiftKey) event.preventDefault();
      leave();
    });
    addEventListener("keydown", event => {
      if (event.key !== "Escape" || card.hidden) return;
      event.preventDefault();
      leave();
    });
    addEventListener("pointerdown", event => {
      touched = event.pointerType === "touch";
      if (!card.hidden && !card.contains(event.target) && !link?.contains(event.target)) close();
    });
    addEventListener("resize", () => card.hidden || place());

    const copy = async (text, done) => {
      const status = card.querySelector("[role=status]");
      try {
        await navigator.clipboard.writeText(text);
        status.textContent = done;
      } catch {
        // the browser forbids it: the text to copy by hand
        const area = Object.assign(document.createElement("textarea"), {
          value: text,
          readOnly: true,
          rows: 5,
        });
        area.setAttribute("aria-label", "Text to copy");
        status.replaceChildren(area);
        area.select();
      }
    };
    card.addEventListener("click", async event => {
      const button = event.target.closest("button");
      if (!button) return;
      const { sources } = await load(link);
      if (button.dataset.cite) copy(sources[button.dataset.cite], "BibTeX copied.");
      else
        copy(
          button.dataset.copy,
          "Text of a report copied: add what is wrong, and send it to the publisher of this book.",
        );
    });
  };
  document.readyState === "loading"
    ? document.addEventListener("DOMContentLoaded", begin)
    : begin();
})();
