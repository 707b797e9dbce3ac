export {
  type BestAvailableDataset,
  type BestAvailableOptions,
  bestAvailableDataset,
} from "./best-available-dataset.js";
export { type Cifar100Options, openCifar10, openCifar100 } from "./datasets/cifar.js";
export { type DebianOptions, openDebianFashionMnist } from "./datasets/debian-package.js";
export { type FashionMnistOptions, openFashionMnist } from "./datasets/fashion-mnist.js";
export { openMnist } from "./datasets/mnist.js";
export { type MnistDigitsOptions, openMnistDigits } from "./datasets/mnist-digits.js";
export { resolveCacheFolder } from "./download/cache-folder.js";
export type { DownloadOptions } from "./download/download-options.js";
export type { DownloadProgress } from "./download/transfer.js";
export { openImageFolder } from "./images/image-folder.js";
export type { ImageOptions } from "./images/image-options.js";
export { openImageTar } from "./images/image-tar.js";
export { DATASET_NAMES, type OpenDatasetOptions, type OpenedDataset, openDataset } from "./open-dataset.js";
export { openShards, type ShardOptions } from "./shards/open-shards.js";
export type { Dataset } from "./source/dataset.js";
export { type SplitOptions, splitSource } from "./source/split.js";
export { type SubsetOptions, subset } from "./source/subset.js";
