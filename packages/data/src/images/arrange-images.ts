import { DataSourceError } from "@blockwise/spec";
import { isHeldOut } from "../source/held-out.js";
import type { CheckedImageOptions } from "./image-options.js";
import { compareCodeUnits } from "./pack-images.js";

/** What the names of images say about them. */
export interface Arrangement {
  /** Sorted by code units; null for unlabelled images. */
  readonly classNames: readonly string[] | null;
  /** What to learn from. */
  readonly train: ArrangedSplit;
  /** What to score on; null where nothing is held out. */
  readonly test: ArrangedSplit | null;
}

/** The images of one split. */
export interface ArrangedSplit {
  /** Places in the list of names, ascending. */
  readonly rows: readonly number[];
  /** One label for each row; null for unlabelled images. */
  readonly labels: readonly number[] | null;
}

/**
 * Sorts images into classes and splits by their paths. Images that all lie in one folder for training (`train`,
 * `training`) and one for scoring (`test`, `val`, `valid`, `validation`) are split so, else by `holdOut`; below that,
 * the first folder of the path is the class.
 *
 * @param names - the images' paths, sorted
 * @param folders - the paths of all folders, those without images too
 * @throws DataSourceError for no images, a class without images, or images whose place is not clear.
 */
export function arrangeImages(
  names: readonly string[],
  folders: readonly string[],
  options: CheckedImageOptions,
  source: string,
): Arrangement {
  if (names.length === 0) {
    throw new DataSourceError(
      `"${source}" must contain JPEG, PNG or WebP images (.jpg, .jpeg, .png, .webp), but has none. Check the path.`,
      { source },
    );
  }
  const split = splitFolders(names, folders, source);
  const rows = [...names.keys()];
  const inFolder = (folder: string): readonly number[] =>
    rows.filter((row) => (names[row] as string).startsWith(`${folder}/`));
  const groups =
    split !== null ? [inFolder(split.train), inFolder(split.test)] : holdOut(names, rows, options, source);
  const prefixes = split === null ? [""] : [`${split.train}/`, `${split.test}/`];
  const pathOf = (name: string): string => name.slice(split === null ? 0 : name.indexOf("/") + 1);
  const paths = names.map(pathOf);
  const classNames = isLabelled(paths, options, source)
    ? findClasses(names, folders, prefixes, options, source)
    : null;
  const places = new Map(classNames?.map((name, label) => [name, label]));
  const arranged = (group: readonly number[]): ArrangedSplit => ({
    rows: group,
    labels:
      classNames === null ? null : group.map((row) => places.get(firstPart(paths[row] as string)) as number),
  });
  const [train = [], test] = groups;
  return { classNames, train: arranged(train), test: test === undefined ? null : arranged(test) };
}

const TRAIN_FOLDER = /^train(ing)?$/i;

const TEST_FOLDER = /^(test|val|valid|validation)$/i;

function splitFolders(
  names: readonly string[],
  folders: readonly string[],
  source: string,
): { readonly train: string; readonly test: string } | null {
  if (names.some((name) => !name.includes("/"))) return null;
  const top = [...new Set([...names, ...folders].map(firstPart))];
  const train = top.filter((name) => TRAIN_FOLDER.test(name));
  const test = top.filter((name) => TEST_FOLDER.test(name));
  if (train.length === 0 || test.length === 0 || train.length + test.length < top.length) return null;
  if (train.length > 1 || test.length > 1) {
    throw new DataSourceError(
      `"${source}" must have one folder to learn from and one to score on, but has ${top.join(", ")}. Leave two of ` +
        "them, or open each by itself.",
      { source },
    );
  }
  return { train: train[0] as string, test: test[0] as string };
}

function holdOut(
  names: readonly string[],
  rows: readonly number[],
  { holdOut: fraction, seed }: CheckedImageOptions,
  source: string,
): readonly (readonly number[])[] {
  if (fraction === 0) return [rows];
  const held = new Set(rows.filter((row) => isHeldOut(names[row] as string, fraction, seed)));
  if (held.size === 0 || held.size === rows.length) {
    throw new DataSourceError(
      `holdOut = ${fraction} must leave images on both sides, but takes ${held.size} of the ${rows.length} images ` +
        `of "${source}". Choose another fraction or seed, or use more images.`,
      { source },
    );
  }
  return [rows.filter((row) => !held.has(row)), [...held]];
}

function isLabelled(paths: readonly string[], { labels }: CheckedImageOptions, source: string): boolean {
  if (labels === "none") return false;
  const loose = paths.filter((path) => !path.includes("/"));
  if (loose.length === 0) return true;
  if (loose.length === paths.length && labels === "auto") return false;
  throw new DataSourceError(
    `"${source}" must have all images in class folders or none, but ${loose.length} of ${paths.length} images ` +
      `(the first is "${loose[0]}") lie in no class folder. Move them, or leave all images unlabelled with ` +
      'labels: "none".',
    { source },
  );
}

/** The classes of all splits together, so that labels mean the same in each. */
function findClasses(
  names: readonly string[],
  folders: readonly string[],
  prefixes: readonly string[],
  options: CheckedImageOptions,
  source: string,
): readonly string[] {
  const classes = new Set<string>();
  for (const prefix of prefixes) {
    const below = (paths: readonly string[]): readonly string[] =>
      paths
        .filter((path) => path.startsWith(prefix) && path.length > prefix.length)
        .map((path) => firstPart(path.slice(prefix.length)));
    const filled = new Set(below(names));
    const empty = [...new Set(below(folders))].filter((name) => !filled.has(name)).sort(compareCodeUnits);
    if (empty.length > 0 && !options.allowEmptyClasses) {
      throw new DataSourceError(
        `Each class folder of "${source}" must have images, but ${list(empty.map((name) => prefix + name))} ` +
          `${empty.length === 1 ? "has" : "have"} none. Fill or remove ${empty.length === 1 ? "it" : "them"}, or ` +
          "accept empty classes with allowEmptyClasses: true.",
        { source },
      );
    }
    for (const name of [...filled, ...empty]) classes.add(name);
  }
  return [...classes].sort(compareCodeUnits);
}

function firstPart(path: string): string {
  const end = path.indexOf("/");
  return end < 0 ? path : path.slice(0, end);
}

/** Up to five names, and how many more there are. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `"${name}"`);
  return names.length > 5 ? `${shown.join(", ")} and ${names.length - 5} more` : shown.join(", ");
}
