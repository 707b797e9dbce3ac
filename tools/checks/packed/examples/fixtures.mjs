import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

/**
 * What examples can ask for, by the name that it gets in their folder.
 *
 * @type {Record<string, (request: { root: string, path: string }) => void | Promise<void>>}
 */
export const fixtures = {
  photos: ({ path }) => writePhotos(path),
  "checkpoint.pth": ({ root, path }) =>
    cpSync(join(root, "packages/pytorch/src/__fixtures__/checkpoint.pth"), path),
  "results.json": async ({ root, path }) => {
    const { build } = await import("esbuild");
    const source = join(root, "packages/report/src/__fixtures__/example-results.ts");
    const { outputFiles } = await build({ entryPoints: [source], bundle: true, format: "esm", write: false });
    const module = `data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`;
    const { exampleResults } = await import(module);
    writeFileSync(path, JSON.stringify(exampleResults));
  },
  "my-loss.ts": ({ path }) => writeFileSync(path, myLoss),
};

/** What is to be installed besides for what some of them import. */
export const fixturePackages = { "my-loss.ts": ["@blockwise/spec"] };

const myLoss = `import { type LocalLossV1, ShapeMismatchError } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";

export function myLoss(): LocalLossV1 {
  return {
    specificationVersion: "v1",
    kind: "local-loss",
    id: "my-loss",
    options: {},
    capabilities: { views: 2, labels: false, minimumBatchSize: 1, symmetric: true },
    doInit: () => ({ parameters: [], buffers: [] }),
    doCompute: ({ views: [first, second] }) => {
      const [expected, received] = [first?.embedding.shape ?? [], second?.embedding.shape ?? []];
      if (first === undefined || second === undefined || String(expected) !== String(received)) {
        throw new ShapeMismatchError({ subject: "view 2", expected: String(expected), received });
      }
      const distance = tf.tidy(() => tf.mean<tf.Scalar>(tf.squaredDifference(first.embedding, second.embedding)));
      return { total: distance, terms: { distance } };
    },
  };
}
`;

/** Two classes of a dozen pictures in colour, larger than what they are decoded to. */
async function writePhotos(folder) {
  for (const [index, name] of ["cats", "dogs"].entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let photo = 0; photo < 12; photo++) {
      const [width, height] = [96, 72 + photo];
      const data = Uint8Array.from(
        { length: width * height * 3 },
        (_, i) => (i * (photo + 3) * (index + 2)) % 251,
      );
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(join(folder, name, `${photo}.png`));
    }
  }
}
