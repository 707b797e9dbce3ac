// @ts-check
// What keeps the page up to date. Browsers run this file as it stands: no build step, no library, and nothing but requests to
// the folder of the page's own address.

const everyMs = 2000;
const main = /** @type {HTMLElement} */ (document.querySelector("main[data-live]"));
const connection = /** @type {HTMLElement} */ (document.getElementById("connection"));
const pause = /** @type {HTMLButtonElement} */ (document.getElementById("pause"));

let isPaused = false;
/** The map that was chosen; null for the newest. @type {number | null} */
let chosenMap = null;
/** Where a chart is read: by figure. @type {{ id: string, place: number } | null} */
let reading = null;

document.documentElement.classList.remove("static");
pause.hidden = false;

/** @param {string} text */
function say(text) {
  if (connection.textContent !== text) connection.textContent = text;
}

async function update() {
  const answer = await fetch("state", { cache: "no-cache" });
  if (!answer.ok) throw new Error(String(answer.status));
  const state = await answer.json();
  // Pressed while the answer was on its way: what is shown stays.
  if (isPaused) return;
  if (state.reload === true) return location.reload();
  for (const [name, version] of Object.entries(state.parts)) {
    const section = document.getElementById(`part-${name}`);
    if (section !== null && section.dataset.version !== version) await redraw(section, name, String(version));
    if (isPaused) return;
  }
  say(state.word);
}

/** @param {HTMLElement} section @param {string} name @param {string} version */
async function redraw(section, name, version) {
  const query = name === "map" && chosenMap !== null ? `?at=${chosenMap}` : "";
  const answer = await fetch(`section/${name}${query}`, { cache: "no-cache" });
  if (!answer.ok) throw new Error(String(answer.status));
  const markup = await answer.text();
  if (isPaused) return;
  keepingPlace(section, () => {
    section.innerHTML = markup;
  });
  section.dataset.version = version;
}

/** Changes a part of the page; what is open stays open, and the keyboard's focus where it is. */
function keepingPlace(/** @type {HTMLElement} */ section, /** @type {() => void} */ change) {
  const opened = [...section.querySelectorAll("details")].map((details) => details.open);
  const focusable = "summary, input, .scroll, figure[tabindex]";
  const focus = [...section.querySelectorAll(focusable)].indexOf(
    /** @type {Element} */ (document.activeElement),
  );
  const scrolled = [...section.querySelectorAll(".scroll")].map((scroll) => scroll.scrollLeft);
  change();
  for (const [index, details] of section.querySelectorAll("details").entries())
    details.open = opened[index] ?? false;
  for (const [index, scroll] of section.querySelectorAll(".scroll").entries())
    scroll.scrollLeft = scrolled[index] ?? 0;
  prepare(section);
  if (focus >= 0) {
    const again = section.querySelectorAll(focusable)[focus];
    if (again instanceof HTMLElement) again.focus({ preventScroll: true });
  }
}

async function keepUpdating() {
  if (!isPaused && !document.hidden) {
    await update().catch(() => {
      if (!isPaused) say("No answer: the watcher has ended, or is busy.");
    });
  }
  setTimeout(keepUpdating, everyMs);
}

/** Makes charts readable by pointer and keyboard, and the map's slider work. */
function prepare(/** @type {ParentNode} */ part) {
  for (const figure of part.querySelectorAll("figure[data-chart]"))
    prepareChart(/** @type {HTMLElement} */ (figure));
  const moment = part.querySelector("#map-moment");
  if (moment instanceof HTMLInputElement) moment.addEventListener("input", () => chooseMap(moment));
}

/** @param {HTMLElement} figure */
function prepareChart(figure) {
  /** @type {{ positions: number[], series: { name: string, values: (number | null)[] }[] }} */
  const chart = JSON.parse(figure.dataset.chart ?? "");
  const last = chart.positions.length - 1;
  if (last < 0) return;
  const readout = document.createElement("p");
  readout.className = "readout";
  readout.setAttribute("aria-live", "polite");
  const line = document.createElement("div");
  line.className = "readout-line";
  const before = figure.querySelector("details");
  figure.insertBefore(readout, before);
  figure.tabIndex = 0;
  figure.setAttribute("aria-description", "Left and right arrow keys read the values at each step.");

  /** @param {number} place */
  const show = (place) => {
    reading = { id: figure.id, place };
    const frame = plotOf(figure);
    if (frame !== null) {
      const first = chart.positions[0] ?? 0;
      const range = (chart.positions[last] ?? 0) - first || 1;
      const share = ((chart.positions[place] ?? 0) - first) / range;
      line.style.left = `${frame.left + share * frame.width}px`;
      line.style.top = `${frame.top}px`;
      line.style.height = `${frame.height}px`;
      frame.chart.append(line);
    }
    const texts = chart.series.map(({ name, values }, index) => {
      const text = document.createElement("span");
      const color = document.createElement("i");
      color.className = `series-${index % 8}`;
      text.append(color, `${name} ${values[place] ?? "–"}`);
      return text;
    });
    const step = document.createElement("span");
    step.textContent = `Step ${chart.positions[place]}`;
    readout.replaceChildren(step, ...texts);
  };
  const hide = () => {
    if (reading?.id === figure.id) reading = null;
    readout.replaceChildren();
    line.remove();
  };
  figure.addEventListener("pointermove", (event) => {
    const frame = plotOf(figure);
    if (frame === null || !(event.target instanceof Element) || event.target.closest(".chart") === null)
      return;
    const across = event.clientX - frame.chart.getBoundingClientRect().left - frame.left;
    const first = chart.positions[0] ?? 0;
    const wanted = first + (across / frame.width) * ((chart.positions[last] ?? 0) - first);
    show(nearest(chart.positions, wanted));
  });
  figure.addEventListener("pointerleave", () => {
    if (document.activeElement !== figure) hide();
  });
  figure.addEventListener("blur", hide);
  figure.addEventListener("keydown", (event) => {
    if (event.target !== figure) return;
    const now = reading?.id === figure.id ? reading.place : last + 1;
    /** @type {Readonly<Record<string, number>>} */
    const places = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last };
    const wanted = places[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    show(Math.min(last, Math.max(0, wanted)));
  });
  if (reading?.id === figure.id) show(Math.min(last, reading.place));
}

/** Where a figure's visible drawing has its plot, in pixels of the drawing's own box. */
function plotOf(/** @type {HTMLElement} */ figure) {
  for (const chart of figure.querySelectorAll(".chart")) {
    const svg = chart.querySelector("svg");
    const clip = svg?.querySelector("clipPath path, clipPath rect");
    if (!(svg instanceof SVGSVGElement) || !(clip instanceof SVGGraphicsElement) || svg.clientWidth === 0)
      continue;
    const box = clip.getBBox();
    const scale = svg.clientWidth / svg.viewBox.baseVal.width;
    return {
      chart,
      left: box.x * scale,
      top: box.y * scale,
      width: box.width * scale,
      height: box.height * scale,
    };
  }
  return null;
}

/** @param {number[]} positions @param {number} wanted */
function nearest(positions, wanted) {
  let best = 0;
  for (const [place, position] of positions.entries()) {
    if (Math.abs(position - wanted) < Math.abs((positions[best] ?? 0) - wanted)) best = place;
  }
  return best;
}

/** @param {HTMLInputElement} moment */
async function chooseMap(moment) {
  const place = Number(moment.value);
  /** @type {number[]} */
  const steps = JSON.parse(moment.dataset.steps ?? "[]");
  const output = moment.parentElement?.querySelector("output");
  if (output) output.textContent = String(steps[place] ?? "");
  chosenMap = place === steps.length - 1 ? null : place;
  const answer = await fetch(`section/map?at=${place}`, { cache: "no-cache" }).catch(() => null);
  if (answer === null || !answer.ok || moment.value !== String(place)) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  const panels = drawn.getElementById("map-panels");
  const shown = document.getElementById("map-panels");
  if (panels === null || shown === null) return;
  const isOpen = shown.querySelector("details")?.open ?? false;
  shown.innerHTML = panels.innerHTML;
  const details = shown.querySelector("details");
  if (details !== null) details.open = isOpen;
}

pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  pause.textContent = isPaused ? "Go on" : "Pause";
  say(isPaused ? "Paused" : "");
});
prepare(main);
setTimeout(keepUpdating, everyMs);
