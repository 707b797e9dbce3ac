// How long training waits for batches: `node packages/loader/bench/loader.mjs [stepMs]` after a build of all packages.
// The main thread takes batches of 128 pairs of views at 32 px and is busy for stepMs with each (100 by default).
import { rootKey } from "@blockwise/random";
import { barlowTwinsViews } from "../../augment/dist/index.js";
import { createLoader } from "../dist/index.js";

const stepMs = Number(process.argv[2] ?? 100);
const size = 128 * 30;
const bytes = 32 * 32 * 3;
const pixels = new Uint8Array(new SharedArrayBuffer(size * bytes)).map(
  (_, place) => (place * 2654435761) >>> 24,
);
const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
shared.set(pixels);
const sides = new Uint32Array(new SharedArrayBuffer(size * 4)).fill(32);
const store = {
  kind: "packed",
  pixels,
  offsets: Float64Array.from({ length: size }, (_, index) => index * bytes),
  heights: sides,
  widths: sides,
  channels: 3,
};
const source = { id: "noise", size, store, labels: null };
const augmentation = barlowTwinsViews({ size: 32 });

for (const workers of [0, 1, 2]) {
  const loader = createLoader({ source, augmentation, batchSize: 128, key: rootKey(1), workers });
  await take(loader, 0, 2);
  const waited = loader.waitMs;
  const begin = performance.now();
  const taken = await take(loader, 1, loader.batchesPerEpoch);
  const wall = performance.now() - begin;
  const wait = loader.waitMs - waited;
  console.log(
    `${workers} workers: ${(wait / taken).toFixed(1)} ms waited a step of ${stepMs} ms, ` +
      `${((100 * wait) / wall).toFixed(1)} % of the time`,
  );
  await loader.close();
}

async function take(loader, epoch, most) {
  let taken = 0;
  for await (const batch of loader.epoch(epoch)) {
    const end = performance.now() + stepMs;
    while (performance.now() < end);
    batch.release();
    if (++taken === most) break;
  }
  return taken;
}
