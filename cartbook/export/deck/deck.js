// Starts a deck. Keys that a chart or a control uses for itself do not turn slides.
(() => {
  const own = ".cb-live, .cb-controls, select, input, button, summary";
  Reveal.initialize({
    width: 1000,
    height: 600,
    margin: 0.04,
    center: false,
    hash: true,
    transition: "none",
    backgroundTransition: "none",
    slideNumber: "c/t",
    keyboardCondition: event => event.key === "Escape" || !event.target.closest?.(own),
  });
  // For charts that wait until somebody does something: turning a slide is that, by whatever means.
  Reveal.on("slidechanged", () => dispatchEvent(new Event("scroll")));
  // On paper every slide is laid out, and what waits for a key is there.
  addEventListener("beforeprint", () =>
    document.querySelectorAll(".slides > section").forEach(one => one.removeAttribute("hidden")),
  );
})();
