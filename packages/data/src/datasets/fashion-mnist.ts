import { DataSourceError } from "@blockwise/spec";
import type { DownloadOptions } from "../download/download-options.js";
import type { Dataset } from "../source/dataset.js";
import { type DebianOptions, openDebianFashionMnist } from "./debian-package.js";
import { firstAvailable } from "./first-available.js";
import { downloadFashionMnist } from "./mnist.js";

/** How Fashion-MNIST is found. */
export interface FashionMnistOptions extends DownloadOptions, DebianOptions {}

/**
 * Fashion-MNIST: 60,000 + 10,000 grey images of 28x28 pixels, clothes in 10 classes. Taken from the cache, else from
 * the Debian package `dataset-fashion-mnist` where it is installed, else downloaded, else from that package fetched by
 * apt into the cache. A mirror replaces the last two.
 *
 * @throws DataSourceError when none of them has it, with why.
 * @see Xiao, Rasul, Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms",
 * 2017, arXiv:1708.07747
 */
export async function openFashionMnist(options: FashionMnistOptions = {}): Promise<Dataset> {
  const local = { ...options, offline: true };
  const here = await firstAvailable(
    [
      { label: "Cache", open: () => downloadFashionMnist(local) },
      { label: "Debian package", open: () => openDebianFashionMnist(local) },
    ],
    options.signal,
  );
  if (here.result !== null) return here.result;
  const download = { label: "Download", open: () => downloadFashionMnist(options) };
  const apt = { label: "Debian package", open: () => openDebianFashionMnist(options) };
  const away = options.mirror === undefined ? [download, apt] : [download];
  const { result, failures } = options.offline ? here : await firstAvailable(away, options.signal);
  if (result !== null) return result;
  throw new DataSourceError(failures.join(" "), { source: "fashion-mnist" });
}
