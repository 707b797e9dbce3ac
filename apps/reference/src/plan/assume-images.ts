import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunConfig } from "../config/schema.js";
import { datasetName } from "../config/sections/data.js";

/** What a plan takes images to be, without reading one. */
export interface AssumedImages {
  /** Where that is from, for people. */
  readonly description: string;
  /** Images to train on; null where nobody can tell. */
  readonly count: number | null;
  readonly classCount: number | null;
  readonly channels: 1 | 3;
  /** Height and width, where a data set's images all have the same. */
  readonly side: number | null;
}

/** What is said by flags, which goes before all else. */
export interface ImageFlags {
  readonly images?: number;
  readonly classes?: number;
}

type KnownImages = Required<Omit<AssumedImages, "description">> & { readonly name: string };

const known: Readonly<Record<string, KnownImages>> = {
  cifar10: { name: "CIFAR-10", count: 50_000, classCount: 10, channels: 3, side: 32 },
  cifar100: { name: "CIFAR-100", count: 50_000, classCount: 100, channels: 3, side: 32 },
  "fashion-mnist": { name: "Fashion-MNIST", count: 60_000, classCount: 10, channels: 1, side: 28 },
  mnist: { name: "MNIST", count: 60_000, classCount: 10, channels: 1, side: 28 },
  imagenet: { name: "ImageNet-1k", count: 1_281_167, classCount: 1000, channels: 3, side: null },
};

/**
 * Takes images to be those of a known data set, or as many as a folder has files of images, at a glance: none is decoded,
 * and none has to be there.
 */
export async function assumeImages({ data }: RunConfig, flags: ImageFlags): Promise<AssumedImages> {
  const images = await byName(data);
  const count = flags.images ?? images.count;
  return {
    ...images,
    count: count === null ? null : Math.min(count, data.maxTrainImages ?? count),
    classCount: flags.classes ?? images.classCount,
  };
}

async function byName({ dataset, holdOut }: RunConfig["data"]): Promise<AssumedImages> {
  if (typeof dataset !== "string") return unknown(datasetName(dataset));
  const folder = await countFiles(dataset, holdOut);
  if (folder !== null) return folder;
  const match = known[dataset === "auto" ? "cifar10" : dataset];
  if (match === undefined) return unknown(dataset);
  const { name, ...images } = match;
  return { ...images, description: dataset === "auto" ? `${name}, if it can be had` : name };
}

function unknown(name: string): AssumedImages {
  const description = `"${name}", which is not looked into`;
  return { description, count: null, classCount: null, channels: 3, side: null };
}

const imageName = /\.(jpe?g|png|webp)$/i;

/** Null for what is no folder. */
async function countFiles(folder: string, holdOut: number): Promise<AssumedImages | null> {
  const root = (await hasFolder(folder, "train")) ? join(folder, "train") : folder;
  const files = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => null);
  if (files === null) return null;
  const images = files.filter(({ name }) => imageName.test(name));
  const classes = new Set(
    images.map(({ parentPath }) => parentPath.slice(root.length + 1).split(/[\\/]/)[0] ?? ""),
  );
  const heldOut = root === folder ? holdOut : 0;
  return {
    description: `${images.length} files of images in ${root}`,
    count: images.length - Math.round(heldOut * images.length),
    classCount: classes.has("") || classes.size < 2 ? null : classes.size,
    channels: 3,
    side: null,
  };
}

async function hasFolder(parent: string, name: string): Promise<boolean> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  return entries.some((entry) => entry.name === name && entry.isDirectory());
}
