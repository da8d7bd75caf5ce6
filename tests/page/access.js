// What axe-core does not look for: the Tab key, cut-off texts, covered controls. Functions, so that several can be asked of one page.
var ownText = (element) => [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join(" ").trim();

/** Controls that Tab must reach, and those that neither Tab nor arrow keys would reach. */
function stops() {
  const all = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex]")];
  const shown = all.filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled);
  // The cells of a matrix are one stop together: which of them has it changes.
  const stop = (element) => element.closest("[role=grid]") ?? element;
  shown.forEach((element, i) => (stop(element).dataset.stop ??= i));
  const wanted = shown.filter((element) => element.tabIndex >= 0 && !(element.type === "radio" && !element.checked));
  // Of a row of tiles and of the cells of a matrix one is a stop, and arrow keys go on from there.
  const lost = shown.filter((element) => element.tabIndex < 0 && !element.closest("[data-call], [role=grid]") && !element.matches("main"));
  return { wanted: wanted.map((element) => stop(element).dataset.stop), lost: lost.map((element) => element.outerHTML.slice(0, 120)) };
}

var reached = [];

/** Note the stop of every element that gets the focus from now on. */
function noteStops() {
  reached = [];
  document.addEventListener("focusin", (event) => reached.push(event.target.closest("[data-stop]")?.dataset.stop ?? ""));
}

/** Whether the element that has the focus is marked. */
function focusSeen() {
  const marked = (element) => element && [getComputedStyle(element).outlineStyle, getComputedStyle(element).boxShadow].some((style) => style !== "none");
  return marked(document.activeElement) || marked(document.activeElement.closest("label, .button"));
}

function smallTexts(least) {
  const told = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility() && ownText(element));
  return told.filter((element) => parseFloat(getComputedStyle(element).fontSize) < least).map((element) => element.outerHTML.slice(0, 80));
}

/** What of an element is to be seen: its box within those of its ancestors that cut off what is outside of them. */
function seenBox(element) {
  let { left, top, right, bottom } = element.getBoundingClientRect();
  for (let outer = element.parentElement; outer; outer = outer.parentElement) {
    if (getComputedStyle(outer).overflow === "visible") continue;
    const box = outer.getBoundingClientRect();
    [left, top, right, bottom] = [Math.max(left, box.left), Math.max(top, box.top), Math.min(right, box.right), Math.min(bottom, box.bottom)];
  }
  return { left, top, right, bottom };
}

/** Texts that are cut off, and controls that cover each other. */
function layoutFaults() {
  scrollTo(0, 0); // the header covers what is scrolled under it
  const all = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".hidden-visually, .skip, svg"));
  const isCut = (one) => ["hidden", "clip"].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1;
  const faults = all.filter((one) => ownText(one) && isCut(one)).map((one) => `cut off: ${one.outerHTML.slice(0, 120)}`);
  const controls = all.filter((one) => one.matches("a[href], button, input, select, textarea"));
  const boxes = controls.map(seenBox);
  for (let i = 0; i < boxes.length; i++)
    for (let j = 0; j < i; j++) {
      const across = Math.min(boxes[i].right, boxes[j].right) - Math.max(boxes[i].left, boxes[j].left);
      const down = Math.min(boxes[i].bottom, boxes[j].bottom) - Math.max(boxes[i].top, boxes[j].top);
      const within = controls[i].contains(controls[j]) || controls[j].contains(controls[i]);
      if (across > 2 && down > 2 && !within) faults.push(`covered: ${controls[j].outerHTML.slice(0, 120)} and ${controls[i].outerHTML.slice(0, 120)}`);
    }
  return faults;
}
