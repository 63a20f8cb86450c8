// Quizzes: shuffle the options, check a typed number, move and check an order, and keep marks in this browser alone.
// The first try at a question is the one that counts; looking at the answer before it counts as not right.
(() => {
  const KEY = "cart-in-numbers-marks"; // one entry for the book: { quiz id: { question id: right or not } }

  const isObject = value => Boolean(value) && typeof value === "object" && !Array.isArray(value);
  let memory = {}; // the marks of this page, also where the browser cannot store them
  let fault = ""; // why marks are not stored
  let unreadable = false; // what is stored was not written by this script

  const load = () => {
    if (fault) return memory;
    let text;
    try {
      text = localStorage.getItem(KEY);
    } catch {
      fault = "this browser blocks storage";
      return memory;
    }
    unreadable = false;
    if (text === null) return (memory = {});
    try {
      const found = JSON.parse(text);
      if (!isObject(found)) throw new TypeError("not an object");
      memory = Object.fromEntries(Object.entries(found).filter(([, marks]) => isObject(marks)));
      unreadable = Object.keys(memory).length < Object.keys(found).length;
    } catch {
      memory = {};
      unreadable = true;
    }
    return memory;
  };
  const save = marks => {
    memory = marks;
    if (fault) return;
    try {
      localStorage.setItem(KEY, JSON.stringify(marks));
    } catch (error) {
      fault =
        error.name === "QuotaExceededError"
          ? "this browser’s storage is full"
          : "this browser blocks storage";
    }
  };

  const make = (tag, text = "", attributes = {}) => {
    const one = document.createElement(tag);
    one.textContent = text;
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    return one;
  };
  const say = (place, right, why) => {
    place.className = `cb-verdict ${right ? "cb-right" : "cb-wrong"}`;
    place.replaceChildren(make("strong", right ? "Right." : "Not quite."), ` ${why}`);
  };

  // A new order of the options for each reader. It stays the same while this page is in the tab's history.
  const seed = () => {
    try {
      if (typeof history.state?.quizSeed !== "number")
        history.replaceState(
          { ...history.state, quizSeed: Math.floor(Math.random() * 2 ** 32) },
          "",
        );
      return history.state.quizSeed;
    } catch {
      return Math.floor(Math.random() * 2 ** 32);
    }
  };
  const random = start => () => {
    // mulberry32
    start = (start + 0x6d2b79f5) | 0;
    let mixed = Math.imul(start ^ (start >>> 15), 1 | start);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const shuffle = (question, start) => {
    const list = question.querySelector(".cb-choices");
    if (!list || list.contains(document.activeElement) || list.querySelector("[open]")) return; // the reader was faster
    const next = random(
      [...question.dataset.question].reduce(
        (sum, letter) => (Math.imul(sum, 31) + letter.codePointAt(0)) | 0,
        start,
      ),
    );
    const items = [...list.children];
    for (let last = items.length - 1; last > 0; last--) {
      const other = Math.floor(next() * (last + 1));
      [items[last], items[other]] = [items[other], items[last]];
    }
    list.append(...items);
  };

  // Every number that the text may mean: a comma or a point is the decimal mark, or parts thousands.
  const readings = (text, unit) => {
    let plain = text.trim().toLowerCase();
    for (const ending of ["%", "percent", "per cent", unit.toLowerCase()])
      if (ending && plain.endsWith(ending)) plain = plain.slice(0, -ending.length);
    plain = plain.replace(/[\s'’]/g, "").replace(/^[\u2212\u2013]/, "-");
    const found = [plain, plain.replace(",", ".")];
    if (/^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) found.push(plain.replaceAll(",", ""));
    if (/^[-+]?\d{1,3}(\.\d{3})+(,\d+)?$/.test(plain))
      found.push(plain.replaceAll(".", "").replace(",", "."));
    return [...new Set(found.filter(one => /^[-+]?(\d+\.?\d*|\.\d+)$/.test(one)).map(Number))];
  };

  const number = (question, mark, start) => {
    const form = question.querySelector(".cb-entry");
    const verdict = question.querySelector(".cb-verdict");
    const input = form.querySelector("input");
    let { answer, tolerance, unit, why, hint } = form.dataset;
    let slips = JSON.parse(form.dataset.slips);
    const near = (one, other) =>
      Math.abs(one - other) <= Number(tolerance) + 1e-9 * Math.max(1, Math.abs(other));
    const fits = tried => tried.some(one => near(one, Number(answer)));
    const slip = tried => slips.find(({ value }) => tried.some(one => near(one, value)))?.why;
    form.hidden = false;

    // The same question of another row: each reader begins at one of them, and can go on to the next.
    const cases = JSON.parse(form.dataset.variants ?? "[]");
    let at = 0;
    const ask = place => {
      at = place % cases.length;
      const one = cases[at];
      ({ answer, tolerance, unit, why, hint } = { ...form.dataset, ...one });
      slips = one.slips ?? slips;
      question.querySelector(".cb-stem").textContent = one.stem;
      if (one.asked) question.querySelector(".cb-order-label").textContent = one.asked;
      const shown = question.querySelector(".cb-reveal > p");
      shown.replaceChildren(make("strong", `${one.shown}.`), ` ${one.why}`);
      shown.parentElement.open = false;
      input.value = "";
      verdict.replaceChildren();
    };
    if (cases.length) {
      const other = make("button", "Other numbers", { type: "button", class: "cb-other" });
      other.addEventListener("click", () => {
        ask(at + 1);
        verdict.className = "cb-verdict";
        verdict.textContent = `New numbers, ${at + 1} of ${cases.length}.`;
        input.focus();
      });
      form.append(" ", other);
      const early = form.contains(document.activeElement) || question.querySelector("[open]");
      if (!early) ask(Math.floor(random(start ^ cases.length)() * cases.length)); // the reader was not faster
    }
    form.addEventListener("submit", event => {
      event.preventDefault();
      const tried = readings(input.value, unit);
      if (!tried.length) {
        verdict.className = "cb-verdict";
        verdict.textContent = "Type a number, such as 12.5.";
        return input.focus();
      }
      // Where per cent are asked for, 0.55 may mean 55%; a number that is right as it was typed comes first.
      const share =
        unit === "%" && !/%|cent/i.test(input.value)
          ? tried.find(one => Math.abs(one) <= 1)
          : undefined;
      const percent = share === undefined ? [] : [Number((100 * share).toPrecision(12))];
      const read = `${input.value.trim()} was read as ${percent[0]}%. `;
      const right = fits(tried) || fits(percent);
      if (right) say(verdict, true, (fits(tried) ? "" : read) + why);
      else say(verdict, false, slip(tried) ?? (slip(percent) ? read + slip(percent) : hint));
      mark(right);
    });
    return () => {
      form.reset();
      verdict.replaceChildren();
    };
  };

  const order = (question, mark) => {
    const list = question.querySelector(".cb-order");
    const verdict = question.querySelector(".cb-verdict");
    const items = [...list.children];
    const status = make("p", "", { class: "visually-hidden", "aria-live": "polite" });
    const check = make("button", "Check the order", { type: "button", class: "cb-check" });
    const unjudge = () => {
      verdict.replaceChildren();
      for (const item of items) {
        item.className = "";
        item.querySelector(".cb-why")?.remove();
      }
    };
    const ends = () =>
      [...list.children].forEach((item, at, all) =>
        item
          .querySelectorAll("button")
          .forEach((one, down) =>
            one.setAttribute("aria-disabled", String(at === (down ? all.length - 1 : 0))),
          ),
      );
    const move = (item, step, focused) => {
      const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
      if (!other) return;
      unjudge();
      step < 0 ? other.before(item) : other.after(item);
      ends();
      focused.focus(); // moving a node takes the focus off it
      status.textContent = `${item.querySelector("span").textContent}: now ${[...list.children].indexOf(item) + 1} of ${items.length}`;
    };
    for (const item of items) {
      const text = item.querySelector("span").textContent;
      const buttons = make("span", "", { class: "cb-order-buttons" });
      [
        ["up", "↑", -1],
        ["down", "↓", 1],
      ].forEach(([word, arrow, step]) => {
        const button = make("button", arrow, {
          type: "button",
          "aria-label": `Move ${text} ${word}`,
        });
        button.addEventListener("click", () => move(item, step, button));
        button.addEventListener("keydown", event => {
          const key = { ArrowUp: -1, ArrowDown: 1 }[event.key];
          if (!key) return;
          event.preventDefault();
          move(item, key, button);
        });
        buttons.append(button);
      });
      item.append(buttons);
    }
    ends();
    list.after(check, status);
    check.addEventListener("click", () => {
      unjudge();
      let fits = 0;
      [...list.children].forEach((item, at) => {
        const right = Number(item.dataset.place) === at;
        fits += right;
        item.className = right ? "cb-right" : "cb-wrong";
        item.append(
          make("span", right ? item.dataset.why : "Not in the right place.", { class: "cb-why" }),
        );
      });
      const all = fits === items.length;
      say(
        verdict,
        all,
        all
          ? "Every item is in the right place."
          : `${fits} of ${items.length} are in the right place. Move the others and check again.`,
      );
      mark(all);
    });
    return () => {
      list.append(...items);
      unjudge();
      ends();
    };
  };

  const choice = (question, mark) => {
    // Opening a choice shows the reason to eyes alone; a status region gives it to a screen reader, until the reader goes on.
    const status = make("p", "", { class: "visually-hidden cb-said", role: "status" });
    question.append(status);
    question.addEventListener("focusout", () => (status.textContent = ""));
    // A click is what the reader does, with the keyboard too; a page that opens everything to print or search is not.
    for (const summary of question.querySelectorAll(".cb-choice > summary"))
      summary.addEventListener("click", () => {
        const one = summary.parentElement;
        mark(one.classList.contains("cb-right"));
        status.textContent = one.open ? "" : one.querySelector("p").textContent; // open is the state before the click
      });
    return () => (status.textContent = "");
  };

  const quiz = (root, start) => {
    const questions = [...root.querySelectorAll(".cb-question")];
    const line = make("p", "", { class: "cb-marks" });
    const status = make("span", "", { role: "status", tabindex: "-1" });
    const clear = make("button", "Reset", { type: "button" });
    line.append(status, " ", clear);

    const show = () => {
      const marks = load()[root.dataset.quiz] ?? {};
      const known = questions
        .map(question => marks[question.dataset.question])
        .filter(one => typeof one === "boolean");
      const where = fault ? `Not kept: ${fault}.` : "Kept in this browser only.";
      const words = [
        known.length
          ? `${known.filter(Boolean).length} of ${questions.length} right at the first try, ${known.length} answered. ${where}`
          : "Nothing answered yet.",
      ];
      if (unreadable)
        words.push(
          "Earlier marks in this browser could not be read; the next answer replaces them.",
        );
      status.textContent = words.join(" ");
      clear.hidden = !known.length && !unreadable;
      for (const question of questions) {
        const mark = marks[question.dataset.question];
        if (typeof mark === "boolean") question.dataset.mark = mark ? "right" : "wrong";
        else delete question.dataset.mark;
        question.querySelector(".cb-question-number").title =
          mark === true
            ? "Right at the first try"
            : mark === false
              ? "Not right at the first try"
              : "";
      }
    };

    const again = questions.map(question => {
      shuffle(question, start);
      const id = question.dataset.question;
      const mark = right => {
        const all = load();
        const mine = all[root.dataset.quiz] ?? {};
        if (typeof mine[id] !== "boolean")
          save({ ...all, [root.dataset.quiz]: { ...mine, [id]: right } });
        show();
      };
      question.querySelector(".cb-reveal > summary")?.addEventListener("click", () => mark(false));
      return ({ number, order }[question.dataset.kind] ?? choice)(question, mark, start);
    });
    clear.addEventListener("click", () => {
      const { [root.dataset.quiz]: _, ...rest } = load();
      save(rest);
      again.forEach(one => one());
      root.querySelectorAll("details").forEach(one => (one.open = false));
      show();
      status.focus();
    });
    addEventListener("storage", event => event.key === KEY && show()); // another tab has marked
    show();
    root.append(line); // with its words in it: what is there from the start is not announced
  };

  const begin = () => {
    const found = document.querySelectorAll(".cb-quiz[data-quiz]");
    if (!found.length) return;
    const start = seed();
    found.forEach(root => quiz(root, start));
  };
  document.readyState === "loading"
    ? document.addEventListener("DOMContentLoaded", begin)
    : begin();
})();
