// A plugin that threads can import: each view is the image's first byte and four random numbers.
import { appendFileSync, existsSync } from "node:fs";

/**
 * Options: `log` is a file that gets a byte a view; `throwAt` and `exitAt` are first bytes at which to fail; `gate` is a
 * file without which no view of the first byte `gateAt` is made.
 */
export function probe(options) {
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id: "probe",
    options,
    views: 2,
    shape: { height: 1, width: 5, channels: 1 },
    workerRecipe: { module: import.meta.url, exportName: "probe" },
    doView: ({ image, view, random, out }) => {
      const first = image.data[0];
      if (first === options.throwAt && view === 1) throw new Error("broken on purpose");
      if (first === options.exitAt) process.exit(3);
      while (first === options.gateAt && !existsSync(options.gate));
      if (options.log !== undefined) appendFileSync(options.log, ".");
      out[0] = first;
      for (let place = 1; place < 5; place++) out[place] = random.uniform();
    },
  };
}

/** The same, made from a promise. */
export async function probeLater(options) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  return probe(options);
}
