// Run a chapter in its page: its cells become editable, and a worker runs them. Nothing is loaded before the click.
(() => {
  const here = document.currentScript.src.replace(/[^/]*$/, "");
  const make = (tag, name, words, more = {}) => {
    const node = Object.assign(document.createElement(tag), { className: name, ...more });
    node.append(...[words ?? []].flat());
    return node;
  };
  const button = (name, words, act) => {
    const node = make("button", name, words, { type: "button" });
    node.addEventListener("click", act);
    return node;
  };

  const begin = () => {
    const box = document.querySelector(".cb-run");
    if (!box || !/^https?:$/.test(location.protocol) || !window.Worker) return; // the page stays as it was
    if (window.origin === "null") {
      // A frame with an origin of its own: no script of the site may start a worker there.
      box.replaceChildren(
        make(
          "p",
          "cb-run-offer",
          "Code does not run in this frame; the chapter runs in a browser tab of its own.",
        ),
      );
      box.hidden = false;
      return;
    }
    const { runtime, host, root, loads } = box.dataset;
    const start = box.querySelector(".cb-run-start");
    const offer = box.querySelector(".cb-run-offer");
    const bar = box.querySelector(".cb-run-bar");
    const said = bar.querySelector("[role=status]");
    const divs = [...document.querySelectorAll("div.cell")];
    const cells = JSON.parse(box.querySelector(".cb-run-cells").textContent).map(
      ({ source, placed }, at) => ({
        number: at + 1,
        source,
        exercise: /^check\("([^"]+)", answer/m.exec(source)?.[1], // that this cell checks
        div: placed ? divs.shift() : undefined,
        undo: [],
      }),
    );
    const offered = offer.textContent;

    // The worker, and which cells are still to run: all from `next` on, one at a time.
    let worker, ready, running, failed;
    let next = Infinity;

    const done = make("progress", "", "", { max: cells.length, value: 0 });
    done.setAttribute("aria-label", "Cells that have run");
    const all = button("", "Run all", () => runFrom(0));
    const stop = button("", "Stop", () => halt());
    const error = button("", "Show the error", () => show(failed));
    const leave = button("", "Back to the published page", () =>
      back("The page is as it was published."),
    );

    const tell = words => (said.textContent = words);

    // The reader's own state, in this browser alone: changed cells by number, with the code that was
    // published then, and which exercises were solved. A cell that has changed since keeps the book's code.
    const page = location.pathname.replace(/.*\//, "").replace(/\.html$/, "");
    const KEY = `cart-in-numbers-chapter-${page}`;
    const nothing = () => ({ edits: {}, solved: {} });
    let mine = nothing();
    let removed, blocked;
    try {
      const found = JSON.parse(localStorage.getItem(KEY));
      for (const [number, edit] of Object.entries(found?.edits ?? {}))
        if (typeof edit?.code === "string" && cells[number - 1]?.source === edit.published)
          mine.edits[number] = edit;
      for (const { exercise } of cells)
        if (exercise in Object(found?.solved))
          mine.solved[exercise] = found.solved[exercise] === true;
    } catch (error) {
      if (!(error instanceof SyntaxError)) blocked = "this browser blocks storage";
    }
    const keep = () => {
      showKept();
      if (blocked) return;
      try {
        if (Object.keys({ ...mine.edits, ...mine.solved }).length)
          localStorage.setItem(KEY, JSON.stringify(mine));
        else localStorage.removeItem(KEY);
      } catch (error) {
        blocked =
          error.name === "QuotaExceededError"
            ? "this browser’s storage is full"
            : "this browser blocks storage";
        showKept();
      }
    };
    const change = ({ number, source }, code) => {
      if (code === source) delete mine.edits[number];
      else mine.edits[number] = { published: source, code };
      removed = undefined;
      keep();
    };
    const solve = ({ exercise, correct }) => {
      if (!exercise || mine.solved[exercise]) return;
      mine.solved[exercise] = correct;
      keep();
    };

    // What is kept, said where it can be undone; a note at each exercise that was tried.
    const state = make("span", "");
    const save = button("", "Download my notebook", () => download());
    const reset = button("", "Reset", () => {
      [mine, removed] = removed ? [removed, undefined] : [nothing(), mine];
      keep();
      for (const { number, source, editor } of cells)
        if (editor) {
          editor.value = mine.edits[number]?.code ?? source;
          editor.rows = Math.min(30, editor.value.split("\n").length);
        }
      if (bar.dataset.on) runFrom(0);
    });
    const kept = make("p", "cb-run-kept", [state, " ", save, " ", reset], { hidden: true });
    offer.after(kept);
    const showKept = () => {
      const changed = Object.keys(mine.edits).length;
      const tried = Object.values(mine.solved);
      const solved = tried.filter(Boolean).length;
      const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
      const parts = [
        ...(changed ? [`${count(changed, "cell")} changed`] : []),
        ...(solved ? [`${count(solved, "exercise")} solved`] : []),
        ...(tried.length > solved ? [`${tried.length - solved} tried`] : []),
      ];
      kept.hidden = !parts.length && !removed && !bar.dataset.on;
      reset.hidden = !parts.length && !removed;
      reset.textContent = removed ? "Undo reset" : "Reset";
      state.textContent = [
        parts.length ? `${parts.join(", ")}.` : removed ? "Your changes are removed." : "",
        blocked
          ? `Not kept: ${blocked}. Download your notebook before you leave.`
          : "Kept in this browser only.",
        parts.length && !bar.dataset.on ? "Changes come back when the chapter runs." : "",
      ]
        .filter(Boolean)
        .join(" ");
      for (const { exercise, div } of cells) {
        div?.querySelector(".cb-run-solved")?.remove();
        if (div && exercise in mine.solved)
          div.append(
            make(
              "p",
              "cb-run-solved",
              mine.solved[exercise] ? "✓ You solved this." : "Tried, not solved yet.",
            ),
          );
      }
    };
    const download = async () => {
      const name = `${page}.ipynb`;
      try {
        const answer = await fetch(`${root}downloads/${name}`);
        if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
        const book = await answer.json();
        const code = book.cells.filter(cell => cell.cell_type === "code");
        if (code.length !== cells.length) throw new Error(`${name} has other cells than this page`);
        for (const [number, edit] of Object.entries(mine.edits))
          Object.assign(code[number - 1], {
            source: edit.code,
            outputs: [],
            execution_count: null,
            metadata: { tags: ["changed"] },
          });
        const solved = Object.keys(mine.solved).filter(one => mine.solved[one]);
        const about = [
          `Your own copy. Changed cells: ${Object.keys(mine.edits).join(", ") || "none"}; they have no output until you run them.`,
          `Exercises solved in the page: ${solved.join(", ") || "none"}.`,
        ];
        book.cells.unshift({
          cell_type: "markdown",
          id: "mine",
          metadata: {},
          source: about.join("\n\n"),
        });
        const url = URL.createObjectURL(new Blob([JSON.stringify(book, null, 1)]));
        make("a", "", "", { href: url, download: `${page}-mine.ipynb` }).click();
        setTimeout(() => URL.revokeObjectURL(url), 10_000);
        tell("Your notebook is downloaded.");
      } catch (error) {
        console.warn("The notebook could not be made:", error.message);
        tell("The notebook could not be loaded from this site; your changes are still here.");
      }
    };

    const boot = () => {
      ready = false;
      try {
        worker = new Worker(`${here}run-worker.js`, { type: "module" });
      } catch (error) {
        return hear({ kind: "broken", why: error.message });
      }
      worker.onmessage = ({ data }) => hear(data);
      worker.onerror = event => {
        event.preventDefault();
        hear({ kind: "broken", why: event.message || "the worker did not start" });
      };
      const absolute = path => new URL(path, document.baseURI).href;
      worker.postMessage({
        kind: "load",
        runtime: absolute(runtime),
        packages: absolute(`${root}run/packages.zip`),
        loads: loads.split(" "),
      });
      tell(`Loading Python from ${host} …`);
      refresh();
    };

    const hear = message => {
      if (message.kind === "loading") tell(`Loading ${message.what} …`);
      else if (message.kind === "ready") {
        ready = true;
        if (!bar.dataset.on) dress();
        tell("Python is ready. The cells run.");
        step();
      } else if (message.kind === "done") took(message);
      else if (!ready) {
        console.warn("Python could not be loaded:", message.why);
        back(`Python could not be loaded from ${host}; the page is as it was.`);
      } else {
        console.warn("Python broke off:", message.why);
        halt("Python broke off; Run starts it anew.");
      }
    };

    const runFrom = at => {
      next = Math.min(next, at);
      if (!worker) {
        next = 0; // a new Python knows nothing yet
        boot();
      } else if (ready && running === undefined) step();
    };

    const step = () => {
      if (next >= cells.length) {
        const wrong = cells.filter(cell => cell.failed);
        failed = wrong[0];
        next = Infinity;
        tell(
          !failed
            ? `Finished: all ${cells.length} cells ran. Charts and tables are new; sentences keep the published numbers.`
            : `Finished: ${wrong.length} of ${cells.length} cells failed, first cell ${failed.number}: ${failed.why}`,
        );
        return refresh();
      }
      running = next++;
      const { number, source, editor } = cells[running];
      worker.postMessage({ kind: "run", number, source: editor ? editor.value : source });
      refresh();
    };

    const took = ({ number, outputs, failed: why }) => {
      const cell = cells[number - 1];
      running = undefined;
      Object.assign(cell, { failed: Boolean(why), why });
      if (cell.number in mine.edits) outputs.forEach(solve);
      cell.div?.classList.toggle("cb-run-failed", cell.failed);
      place(cell, outputs);
      step();
    };

    const halt = words => {
      if (!bar.dataset.on) return back("Stopped before Python was there; the page is as it was.");
      worker?.terminate();
      worker = running = undefined;
      next = Infinity;
      tell(
        words ??
          "Stopped. What the cells had made is gone: Run starts Python anew, from the first cell.",
      );
      refresh();
      if (document.activeElement === document.body) all.focus();
    };

    const refresh = () => {
      const busy = worker && (!ready || running !== undefined);
      done.value = running ?? (ready && !busy ? cells.length : 0);
      if (!busy && document.activeElement === stop) all.focus();
      stop.disabled = done.hidden = !busy;
      error.hidden = busy || !cells.some(cell => cell.failed);
    };

    // Outputs: the book's own figures start as those of the page do; an output that did not change stays.
    const place = (cell, outputs) => {
      const key = JSON.stringify(outputs);
      if (!cell.div || cell.shown === key) return;
      cell.shown = key;
      let shown = cell.div.querySelector(".cell_output");
      if (!shown) {
        if (!outputs.length) return;
        shown = make("div", "cell_output docutils container");
        cell.div.append(shown);
        cell.undo.push(() => shown.remove());
      }
      const now = outputs.map(output => form(output, cell));
      if (shown.querySelector(".cb-quiz")) return; // a quiz keeps its answers
      shown.style.minHeight = `${shown.offsetHeight}px`; // the text below does not jump
      shown.replaceChildren(...now);
      const figures = [...shown.querySelectorAll("figure[data-chart]")];
      const settle = () => (shown.style.minHeight = "");
      if (figures.length) {
        shown.addEventListener("cb-live", settle, { once: true });
        setTimeout(settle, 3000);
        figures.forEach(figure =>
          figure.dispatchEvent(new CustomEvent("cb-new", { bubbles: true })),
        );
      } else settle();
    };

    const form = ({ html, csv, text, printed, error: trace }, cell) => {
      if (html === undefined) {
        const words = make("pre", "", text ?? printed ?? trace, { tabIndex: 0 });
        words.setAttribute("role", "region");
        words.setAttribute("aria-label", `${trace ? "Error in" : "Output of"} cell ${cell.number}`);
        return make("div", `output ${trace ? "cb-run-error" : "text_plain"}`, words);
      }
      const node = make("div", "output text_html");
      node.innerHTML = html.replaceAll("{root}", root);
      const link = csv && node.querySelector("a[download]");
      if (link)
        Object.assign(link, {
          href: `data:text/csv;charset=utf-8,${encodeURIComponent(csv)}`,
          download: link.href.replace(/.*\//, ""),
        });
      return node;
    };

    // The page's cells as fields that can be changed, each in the place of its code.
    const dress = () => {
      bar.dataset.on = "yes";
      offer.textContent =
        "Change the code, then press Run, or Ctrl and Enter: the cell and those below it run again.";
      for (const cell of cells) cell.div && edit(cell);
      showKept();
    };

    const edit = cell => {
      const { number, source, div, undo } = cell;
      const lines = () => (field.rows = Math.min(30, field.value.split("\n").length));
      const field = make("textarea", "", "", {
        value: mine.edits[number]?.code ?? source,
        spellcheck: false,
        wrap: "off",
        id: `cb-code-${number}`,
      });
      for (const name of ["autocapitalize", "autocomplete", "autocorrect"])
        field.setAttribute(name, "off");
      field.addEventListener("input", lines);
      field.addEventListener("input", () => change(cell, field.value));
      field.addEventListener("keydown", event => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey || event.shiftKey)) return;
        event.preventDefault();
        runFrom(number - 1);
      });
      lines();
      const act = (words, what) => {
        const one = button("", words, what);
        one.append(make("span", "visually-hidden", ` cell ${number}`));
        return one;
      };
      const reset = () => {
        field.value = source;
        lines();
        change(cell, source);
        runFrom(number - 1);
      };
      const parts = [
        make("label", "", `Code of cell ${number}`, { htmlFor: field.id }),
        field,
        make("p", "", [act("Run", () => runFrom(number - 1)), act("Reset", reset)]),
      ];
      const editor = make("div", "cb-run-cell", parts);
      const code = div.querySelector(".cell_input");
      const fold = code?.closest("details.hide");
      if (code) {
        code.replaceWith(editor);
        undo.push(() => editor.replaceWith(code));
      } else {
        const hidden = make("details", "cb-run-hidden", [
          make("summary", "", `Hidden code of cell ${number}`),
          editor,
        ]);
        div.prepend(hidden);
        undo.push(() => hidden.remove());
      }
      if (fold) {
        const was = fold.open;
        fold.open = true;
        undo.push(() => (fold.open = was));
      }
      const shown = div.querySelector(".cell_output");
      const published = shown ? [...shown.childNodes] : [];
      undo.push(() => shown?.replaceChildren(...published));
      cell.editor = field;
    };

    const show = cell => {
      for (let fold = cell.editor; fold; fold = fold.parentElement)
        if (fold.tagName === "DETAILS") fold.open = true;
      cell.editor.scrollIntoView({ block: "center" });
      cell.editor.focus({ preventScroll: true });
    };

    const back = words => {
      worker?.terminate();
      worker = running = undefined;
      for (const cell of cells) {
        cell.undo.splice(0).forEach(act => act());
        cell.div?.classList.remove("cb-run-failed");
        Object.assign(cell, { editor: undefined, shown: undefined, failed: false });
      }
      next = Infinity;
      delete bar.dataset.on;
      document.documentElement.classList.remove("cb-run-page");
      offer.textContent = offered;
      start.hidden = false;
      bar.replaceChildren(said);
      showKept();
      tell(words);
      start.focus();
    };

    start.addEventListener("click", () => {
      bar.append(done, error, all, stop, leave);
      document.documentElement.classList.add("cb-run-page");
      next = 0;
      boot();
      stop.focus();
      start.hidden = true;
    });
    showKept();
    box.hidden = false;
  };
  document.readyState === "loading"
    ? document.addEventListener("DOMContentLoaded", begin)
    : begin();
})();
