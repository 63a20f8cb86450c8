// Saves a figure's chart as a PNG, with its title above it, as it looks now. figure.js asks for it when a reader wants one.
(() => {
  const SCALE = 2;
  const EDGE = 16; // px around the picture
  const LINE = 24; // px a line of the title

  const lines = (context, text, width) => {
    const found = [""];
    for (const word of text.split(" ")) {
      const longer = `${found.at(-1)} ${word}`.trim();
      if (context.measureText(longer).width <= width) found[found.length - 1] = longer;
      else found.push(word);
    }
    return found;
  };

  window.bookPicture = async figure => {
    const shown = [...figure.querySelectorAll(".cb-picture svg")].find(
      one => one.getClientRects().length,
    );
    const { width, height } = shown.getBoundingClientRect();
    const copy = shown.cloneNode(true);
    for (const mark of copy.querySelectorAll(".is-active, .is-selected"))
      mark.classList.remove("is-active", "is-selected");
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    copy.setAttribute("font-family", getComputedStyle(shown).fontFamily);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    const font = `600 18px ${getComputedStyle(figure).fontFamily}`;
    context.font = font;
    const title = lines(context, figure.querySelector("figcaption").textContent, width);
    canvas.width = SCALE * (width + 2 * EDGE);
    canvas.height = SCALE * (height + LINE * title.length + 2.5 * EDGE);
    context.scale(SCALE, SCALE);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = "#000";
    context.font = font;
    title.forEach((line, place) => context.fillText(line, EDGE, EDGE + LINE * (place + 0.7)));
    context.drawImage(image, EDGE, 1.5 * EDGE + LINE * title.length, width, height);
    const link = document.createElement("a");
    link.href = canvas.toDataURL("image/png");
    link.download = `${figure.dataset.chart}.png`;
    link.click();
  };
})();
