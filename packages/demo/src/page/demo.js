/* global tf */

/** Neighbours that are shown of a block. */
const shown = 8;

const element = (id) => document.getElementById(id);
const status = element("status");

const gallery = await fetch("gallery.json").then((response) => response.json());
const { size, channels, mean, std, blocks, classNames, labels, about, source } = gallery;

element("about").textContent = about;
element("source").textContent = source;
// Only grey pictures of things on black or white have an inside and an outside.
element("invert-label").hidden = channels !== 1;

const [pictures, samples, features, model] = await Promise.all([
  loadPicture("gallery.png"),
  loadPicture("samples.png"),
  fetch("features.bin").then((response) => response.arrayBuffer()),
  tf.ready().then(() => tf.loadGraphModel("model/model.json")),
]).catch((error) => {
  say(`The page could not be loaded: ${error.message}`, true);
  throw error;
});
const tables = directions(new Float32Array(features));

for (const [index, label] of gallery.sampleLabels.entries()) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(tile(samples, index));
  button.setAttribute("aria-label", `Try ${nameOf(label, index)}`);
  button.addEventListener("click", () => show(tile(samples, index)));
  element("samples").append(button);
}
say("Drop an image, or try one of those above.");
document.documentElement.dataset.ready = "true";

element("file").addEventListener("change", ({ target }) => showFile(target.files?.[0]));
document.addEventListener("paste", ({ clipboardData }) => showFile(imageOf(clipboardData)));
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    element("drop").classList.add("over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  document.addEventListener(kind, () => element("drop").classList.remove("over"));
}
document.addEventListener("drop", (event) => {
  event.preventDefault();
  showFile(imageOf(event.dataTransfer));
});
let latest = null;
element("invert").addEventListener("change", () => {
  if (latest !== null) show(latest);
});

function say(text, wrong = false) {
  status.textContent = text;
  status.classList.toggle("wrong", wrong);
}

function imageOf(data) {
  return [...(data?.files ?? [])].find(({ type }) => type.startsWith("image/"));
}

async function showFile(file) {
  if (file === undefined) {
    say("That is no image that this browser knows.", true);
    return;
  }
  const picture = await createImageBitmap(file).catch(() => null);
  if (picture === null) say(`${file.name} cannot be read as an image.`, true);
  else show(picture);
}

/** Shows what is nearest to a picture, block by block. */
async function show(picture) {
  latest = picture;
  const started = performance.now();
  const pixels = look(picture);
  const names = blocks.map(({ name }) => `${name}.features`);
  const outputs = tf.tidy(() => model.execute(normalized(pixels), names));
  const values = await Promise.all([outputs].flat().map((output) => output.data()));
  tf.dispose(outputs);
  const rows = blocks.map((block, index) =>
    blockRow(block, nearest(values[index], tables[index], block.dim)),
  );
  element("blocks").replaceChildren(...rows);
  say(`Compared with ${labels.length} images in ${Math.round(performance.now() - started)} ms.`);
}

/** Draws the middle of a picture as the network sees it, and gives its pixels. */
function look(picture) {
  const canvas = element("seen");
  canvas.width = size;
  canvas.height = size;
  canvas.setAttribute("aria-label", "The image, as the network sees it");
  const side = Math.min(picture.width, picture.height);
  const left = (picture.width - side) / 2;
  const top = (picture.height - side) / 2;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size, size);
  context.drawImage(shrunk(picture, left, top, side), 0, 0, size, size);
  const image = context.getImageData(0, 0, size, size);
  const { data } = image;
  for (let at = 0; at < data.length; at += 4) {
    if (channels === 1) {
      const grey = Math.round(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]);
      data.fill(element("invert").checked ? 255 - grey : grey, at, at + 3);
    }
  }
  context.putImageData(image, 0, 0);
  return data;
}

/** Halved as often as it can be: a browser that scales at once leaves most pixels out. */
function shrunk(picture, left, top, side) {
  let from = crop(picture, left, top, side, side);
  while (from.width >= 2 * size) {
    const half = Math.max(size, Math.floor(from.width / 2));
    from = crop(from, 0, 0, from.width, half);
  }
  return from;
}

function crop(picture, left, top, side, target) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(target);
  canvas.height = Math.round(target);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function normalized(pixels) {
  const values = new Float32Array(size * size * channels);
  for (let place = 0; place < size * size; place++) {
    for (let channel = 0; channel < channels; channel++) {
      values[place * channels + channel] = (pixels[4 * place + channel] / 255 - mean[channel]) / std[channel];
    }
  }
  return tf.tensor4d(values, [1, size, size, channels]);
}

/** Tables of the gallery's features, each row of length 1. */
function directions(values) {
  let start = 0;
  return blocks.map(({ dim }) => {
    const table = values.slice(start, start + labels.length * dim);
    start += table.length;
    for (let row = 0; row < labels.length; row++) normalize(table.subarray(row * dim, (row + 1) * dim));
    return table;
  });
}

function normalize(vector) {
  const length = Math.hypot(...vector) || 1;
  for (let at = 0; at < vector.length; at++) vector[at] /= length;
  return vector;
}

function nearest(vector, table, dim) {
  const direction = normalize(Float32Array.from(vector));
  const similarities = labels.map((_, row) => {
    let sum = 0;
    for (let at = 0; at < dim; at++) sum += direction[at] * table[row * dim + at];
    return sum;
  });
  return similarities
    .map((similarity, row) => ({ row, similarity }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, shown);
}

function blockRow({ name, dim }, neighbors) {
  const section = document.createElement("section");
  section.className = "block";
  const title = document.createElement("h2");
  title.textContent = `${name} `;
  const most = classNames === null ? null : mostCommon(neighbors.map(({ row }) => labels[row]));
  const note = document.createElement("span");
  note.textContent = `${dim} numbers${most === null ? "" : ` · ${most.count} of ${neighbors.length} are ${classNames[most.label]}`}`;
  title.append(note);
  const list = document.createElement("ol");
  list.className = "tiles";
  for (const { row, similarity } of neighbors) list.append(neighborItem(row, similarity, most));
  section.append(title, list);
  return section;
}

function neighborItem(row, similarity, most) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = nameOf(labels[row], row);
  if (most !== null && labels[row] === most.label) name.className = "same";
  const value = document.createElement("span");
  value.className = "similarity";
  value.textContent = similarity.toFixed(3);
  const picture = tile(pictures, row);
  picture.setAttribute("aria-hidden", "true");
  item.append(picture, name, value);
  return item;
}

function nameOf(label, index) {
  return classNames?.[label] ?? `image ${index + 1}`;
}

function mostCommon(list) {
  const counts = new Map();
  for (const label of list) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [[label, count]] = [...counts].sort((a, b) => b[1] - a[1]);
  return { label, count };
}

/** One picture of a sheet, on a canvas of its own. */
function tile({ image, columns }, index) {
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const [left, top] = [(index % columns) * size, Math.floor(index / columns) * size];
  canvas.getContext("2d").drawImage(image, left, top, size, size, 0, 0, size, size);
  return canvas;
}

async function loadPicture(name) {
  const image = new Image();
  image.src = name;
  await image.decode();
  return { image, columns: image.naturalWidth / size };
}
