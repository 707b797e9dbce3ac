// Views a second of processor time on one thread: `node packages/augment/bench/views.mjs` after a build.
import { fold, generator, rootKey } from "@blockwise/random";
import { barlowTwinsViews, evaluationView } from "../dist/index.js";

const colour = (height, width) => image(height, width, 3);

const cases = [
  ["32 px, the paper's views", barlowTwinsViews({ size: 32 }), colour(32, 32)],
  ["32 px, without blur", barlowTwinsViews({ size: 32, blur: [0, 0] }), colour(32, 32)],
  ["28 px, grey, without blur", barlowTwinsViews({ size: 28, channels: 1, blur: [0, 0] }), image(28, 28, 1)],
  ["224 px, the paper's views of 500 x 375", barlowTwinsViews({ size: 224 }), colour(375, 500)],
  ["32 px, evaluation", evaluationView({ size: 32 }), colour(32, 32)],
];

for (const [name, augmentation, source] of cases) {
  run(augmentation, source, 300);
  const speeds = Array.from({ length: 3 }, () => run(augmentation, source, 1000));
  console.log(`${name}: ${Math.round(Math.max(...speeds)).toLocaleString("en")} views/s`);
}

function image(height, width, channels) {
  const random = generator(rootKey(1));
  const data = Uint8Array.from({ length: height * width * channels }, () => random.integer(256));
  return { height, width, channels, data };
}

/** Makes views for at least so many milliseconds. */
function run(augmentation, image, milliseconds) {
  const { height, width, channels } = augmentation.shape;
  const out = new Float32Array(height * width * channels);
  const key = rootKey(2);
  const begin = performance.now();
  const used = process.cpuUsage();
  let made = 0;
  while (performance.now() - begin < milliseconds) {
    const view = made % augmentation.views;
    augmentation.doView({ image, view, random: generator(fold(key, made, view)), out });
    made++;
  }
  const { user, system } = process.cpuUsage(used);
  return (made / (user + system)) * 1e6;
}
