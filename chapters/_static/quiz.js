// Quizzes: checks a typed number, moves and checks an order, and keeps marks in this browser alone.
// The first try at a question is the one that counts; looking at the answer before it counts as not right.
(() => {
  const KEY = "cart-in-numbers-marks"; // one entry for the book: { quiz: { question: right or not } }

  let memory = {}; // where storage is blocked or full, marks last as long as the page
  let kept = true;
  const stored = () => {
    try {
      if (!kept) return memory;
      const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      if (found && typeof found === "object" && !Array.isArray(found)) memory = found;
    } catch {} // blocked, or not what this script wrote
    return memory;
  };
  const store = all => {
    memory = all;
    try {
      localStorage.setItem(KEY, JSON.stringify(all));
    } catch {
      kept = false;
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
  // A question with other words is another question: its mark goes with them.
  const name = question => {
    let hash = 5381;
    for (const letter of question.querySelector("p").textContent) hash = ((hash * 33) ^ letter.codePointAt(0)) >>> 0;
    return hash.toString(36);
  };

  // What a reader may have meant: a comma before three digits parts thousands, or is a decimal comma.
  const numbers = text => {
    const plain = text.replace(/[\s\u00a0\u202f%]/g, "").replace(/^[\u2212\u2013]/, "-");
    const readings = [plain.replace(",", ".")];
    if (/^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) readings.push(plain.replaceAll(",", ""));
    return readings.filter(one => /^[-+]?(\d+\.?\d*|\.\d+)$/.test(one)).map(Number);
  };

  const number = (question, mark) => {
    const form = question.querySelector(".cb-entry");
    const verdict = question.querySelector(".cb-verdict");
    const input = form.querySelector("input");
    const answer = Number(form.dataset.answer);
    const slips = JSON.parse(form.dataset.slips);
    const near = (one, other) => Math.abs(one - other) <= Number(form.dataset.tolerance) + 1e-9 * Math.max(1, Math.abs(other));
    form.hidden = false;
    form.addEventListener("submit", event => {
      event.preventDefault();
      const tried = numbers(input.value);
      if (!tried.length) {
        verdict.className = "cb-verdict";
        verdict.textContent = "Type a number, such as 12.5.";
        return input.focus();
      }
      const right = tried.some(one => near(one, answer));
      const slip = slips.find(([value]) => tried.some(one => near(one, value)));
      say(verdict, right, right ? form.dataset.why : slip ? slip[1] : form.dataset.hint);
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
    const said = make("p", "", { class: "cb-hidden", "aria-live": "polite" });
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
        item.querySelectorAll("button").forEach((one, down) => one.setAttribute("aria-disabled", String(at === (down ? all.length - 1 : 0)))),
      );
    const move = (item, step, focused) => {
      const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
      if (!other) return;
      unjudge();
      step < 0 ? other.before(item) : other.after(item);
      ends();
      focused.focus(); // moving a node takes the focus off it
      said.textContent = `${item.querySelector("span").textContent}: now ${[...list.children].indexOf(item) + 1} of ${items.length}`;
    };
    for (const item of items) {
      const text = item.querySelector("span").textContent;
      const buttons = make("span", "", { class: "cb-moves" });
      [["up", "↑", -1], ["down", "↓", 1]].forEach(([word, arrow, step]) => {
        const button = make("button", arrow, { type: "button", "aria-label": `Move ${text} ${word}` });
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
    list.after(check, said);
    check.addEventListener("click", () => {
      unjudge();
      let fits = 0;
      [...list.children].forEach((item, at) => {
        const right = Number(item.dataset.place) === at;
        fits += right;
        item.className = right ? "cb-right" : "cb-wrong";
        item.append(make("span", right ? item.dataset.why : "Belongs elsewhere.", { class: "cb-why" }));
      });
      const all = fits === items.length;
      say(verdict, all, all ? "Each stands where it belongs." : `${fits} of ${items.length} stand where they belong. Move the others and check again.`);
      mark(all);
    });
    return () => {
      list.append(...items);
      unjudge();
      ends();
    };
  };

  const choice = (question, mark) => {
    // A click is what the reader does, with the keyboard too; a page that opens everything to print or search is not.
    for (const summary of question.querySelectorAll(".cb-choice > summary"))
      summary.addEventListener("click", () => mark(summary.parentElement.classList.contains("cb-right")));
    return () => {};
  };

  const quiz = root => {
    const questions = [...root.querySelectorAll(".cb-question")];
    const line = make("p", "", { class: "cb-marks" });
    const said = make("span", "", { role: "status", tabindex: "-1" });
    const clear = make("button", "Clear these marks", { type: "button" });
    line.append(said, " ", clear);

    const show = () => {
      const marks = stored()[root.dataset.quiz] ?? {};
      const known = questions.map(question => marks[name(question)]).filter(one => typeof one === "boolean");
      said.textContent = known.length
        ? `${known.filter(Boolean).length} of ${questions.length} right at the first try, ${known.length} answered. Kept in this browser only.`
        : "Nothing answered yet.";
      clear.hidden = !known.length;
      for (const question of questions) {
        const mark = marks[name(question)];
        if (typeof mark === "boolean") question.dataset.mark = mark ? "right" : "wrong";
        else delete question.dataset.mark;
        question.querySelector(".cb-count").title = mark === true ? "Right at the first try" : mark === false ? "Not right at the first try" : "";
      }
    };

    const again = questions.map(question => {
      const mark = right => {
        const all = stored();
        const mine = { ...all[root.dataset.quiz] };
        if (!(name(question) in mine)) store({ ...all, [root.dataset.quiz]: { ...mine, [name(question)]: right } });
        show();
      };
      question.querySelector(".cb-reveal > summary")?.addEventListener("click", () => mark(false));
      return (({ number, order })[question.dataset.kind] ?? choice)(question, mark);
    });
    clear.addEventListener("click", () => {
      const { [root.dataset.quiz]: _, ...rest } = stored();
      store(rest);
      again.forEach(one => one());
      root.querySelectorAll("details").forEach(one => (one.open = false));
      show();
      said.focus();
    });
    addEventListener("storage", event => event.key === KEY && show()); // another tab has marked
    show();
    root.append(line); // with its words in it: what is there from the start is not announced
  };

  const begin = () => document.querySelectorAll(".cb-quiz[data-quiz]").forEach(quiz);
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", begin) : begin();
})();
