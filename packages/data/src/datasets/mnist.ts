import { readFile } from "node:fs/promises";
import { cachedFile } from "../download/cached-file.js";
import type { DownloadOptions } from "../download/download-options.js";
import type { Dataset } from "../source/dataset.js";
import { describeOrigin } from "./describe-origin.js";
import { IDX_FILES, type IdxFile, idxDataset, unpackGzip } from "./idx-dataset.js";

/** The ten classes of MNIST. */
export const DIGIT_NAMES: readonly string[] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** The ten classes of Fashion-MNIST, as its README names them. */
export const FASHION_NAMES: readonly string[] = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/**
 * MNIST: 60,000 + 10,000 grey images of 28x28 pixels, handwritten digits.
 *
 * @throws DataSourceError when a file cannot be had.
 * @throws StorageError when the cache folder cannot be written.
 * @throws MalformedFileError when a file is not what it should be.
 * @see LeCun, Cortes, Burges, "The MNIST database of handwritten digits"; addresses and checksums as in torchvision
 */
export function openMnist(options: DownloadOptions = {}): Promise<Dataset> {
  return downloadIdxDataset(
    {
      name: "mnist",
      title: "MNIST",
      classNames: DIGIT_NAMES,
      bases: [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
      ],
      md5: {
        trainImages: "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        trainLabels: "d53e105ee54ea40749a09fcbcd1e9432",
        testImages: "9fb629c4189551a2d022fa330f9573f3",
        testLabels: "ec29112dd5afa0611ce80d1b7f02629c",
      },
    },
    options,
  );
}

/**
 * Fashion-MNIST from its publishers: 60,000 + 10,000 grey images of 28x28 pixels, clothes in 10 classes.
 *
 * @throws DataSourceError, StorageError and MalformedFileError as `openMnist`.
 * @see Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017, arXiv:1708.07747; addresses and checksums as in its README
 */
export function downloadFashionMnist(options: DownloadOptions = {}): Promise<Dataset> {
  return downloadIdxDataset(
    {
      name: "fashion-mnist",
      title: "Fashion-MNIST",
      classNames: FASHION_NAMES,
      bases: [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
      ],
      md5: {
        trainImages: "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        trainLabels: "25c81989df183df01b3e8a0aad5dffbe",
        testImages: "bef4ecab320f06d8554ea6380940ec79",
        testLabels: "bb300cfdad3c16e7a12a480ee83cd310",
      },
    },
    options,
  );
}

interface PublishedIdxDataset {
  readonly name: string;
  readonly title: string;
  readonly classNames: readonly string[];
  readonly bases: readonly string[];
  /** Of the compressed files. */
  readonly md5: Readonly<Record<IdxFile, string>>;
}

async function downloadIdxDataset(
  { name, title, classNames, bases, md5 }: PublishedIdxDataset,
  options: DownloadOptions,
): Promise<Dataset> {
  const origins = new Set<string>();
  const fetch = async (key: IdxFile): Promise<Uint8Array> => {
    const file = `${IDX_FILES[key]}.gz`;
    const urls = bases.map((base) => `${base}${file}`);
    const { path, origin } = await cachedFile({ dataset: name, name: file, urls, md5: md5[key] }, options);
    origins.add(origin === "cache" ? origin : new URL(".", origin).href);
    return unpackGzip(await readFile(path), path);
  };
  const files = {
    trainImages: await fetch("trainImages"),
    trainLabels: await fetch("trainLabels"),
    testImages: await fetch("testImages"),
    testLabels: await fetch("testLabels"),
  };
  return idxDataset({
    name,
    title,
    classNames,
    origin: [...origins].map(describeOrigin).join(" and "),
    files,
  });
}
