import { join } from "node:path";
import type { DataSourceV1, FileSpans, StoredImages } from "@blockwise/spec";
import { resolveCacheFolder } from "../download/cache-folder.js";
import { arrangeImages } from "../images/arrange-images.js";
import { imageDataset } from "../images/image-dataset.js";
import { type CheckedImageOptions, checkImageOptions, type ImageOptions } from "../images/image-options.js";
import { commonRoot } from "../images/image-tar.js";
import { mapInOrder } from "../images/map-in-order.js";
import { streamingChannels, streamingOptions } from "../images/streaming-options.js";
import type { Dataset } from "../source/dataset.js";
import { sharedFloat64, sharedUint32 } from "../source/shared-arrays.js";
import { sharedPathAt, sharePaths } from "../source/shared-paths.js";
import { readerRecipe, selectStored, storedSource } from "../source/stored-source.js";
import { listShards, type ShardList, splitOf } from "./list-shards.js";
import { cachedShardRecord } from "./shard-index-cache.js";
import { classesOf } from "./shard-labels.js";
import type { ShardRecord } from "./shard-record.js";

/** Options of `openShards`: those of folders that have a meaning for images that stream. */
export interface ShardOptions
  extends Pick<
    ImageOptions,
    | "channels"
    | "onCorrupt"
    | "labels"
    | "allowEmptyClasses"
    | "holdOut"
    | "seed"
    | "shuffleBuffer"
    | "maxBrokenShare"
  > {
  /**
   * Where lists of the shards' images are kept for the next start; null keeps none.
   * @default `shards` in the folder that downloads are kept in
   */
  readonly indexFolder?: string | null;
  /** Told how many of the shards have been listed. */
  readonly onListed?: (done: number, total: number) => void;
}

/** Shards whose headers are read at once. */
const LISTED_AT_ONCE = 8;

/**
 * Images in tar archives, read and decoded when their turn comes. The archives' headers are read once and kept; nothing
 * is unpacked or decoded before it is wanted.
 *
 * Labels are what `.cls` or `.json` members of the same sample say (WebDataset's convention), else the first folder in
 * the archive, else there are none. Archives that all have `train` or `test` (`val`, `validation`) as a word of
 * their path are split so; else images are, by `holdOut`.
 *
 * @param shards - a folder of `.tar` files, a pattern (`"train-{000000..000146}.tar"`), or a list of paths and patterns
 * @throws InvalidOptionError
 * @throws DataSourceError for missing archives, by name, no images, or images of which only some have labels.
 * @throws MalformedFileError for an archive that is cut off, damaged or compressed.
 * @example
 * const { train } = await openShards("imagenet-train-{000000..000146}.tar");
 */
export async function openShards(
  shards: string | readonly string[],
  options: ShardOptions = {},
): Promise<Dataset> {
  const { indexFolder = join(resolveCacheFolder(), "shards"), onListed, ...rest } = options;
  const checked = checkImageOptions({ ...rest, storage: "stream" });
  const shardList = await listShards(shards);
  const records: ShardRecord[] = [];
  const listing = mapInOrder(shardList.paths, LISTED_AT_ONCE, (path) => cachedShardRecord(path, indexFolder));
  for await (const record of listing) {
    records.push(record);
    onListed?.(records.length, shardList.paths.length);
  }
  return shardDataset(shardList, records, checked);
}

function shardDataset(
  { source, paths, names: shardNames }: ShardList,
  records: readonly ShardRecord[],
  options: CheckedImageOptions,
): Dataset {
  const members = records.flatMap(({ names }) => names);
  const memberFolders = records.flatMap(({ folders }) => folders);
  const root = commonRoot(members, memberFolders);
  const splits = shardNames.map(splitOf);
  const isSplit = splits.includes("train") && splits.includes("test") && !splits.includes(null);
  const prefixes = splits.map((split) => (isSplit ? `${split}/` : ""));
  const below = (parts: (record: ShardRecord) => readonly string[]): readonly string[] =>
    records.flatMap((record, shard) =>
      parts(record)
        .filter((name) => name.startsWith(root))
        .map((name) => `${prefixes[shard]}${name.slice(root.length)}`),
    );
  const names = below((record) => record.names);
  const texts = records.flatMap(({ labels }) => labels);
  const stated =
    options.labels === "auto" ? classesOf(texts, (place) => members[place] as string, source) : null;
  const placing = stated === null ? options : { ...options, labels: "none" as const };
  const folders = below((record) => record.folders);
  const arranged = arrangeImages(names, folders, placing, source);
  const arrangement =
    stated === null
      ? arranged
      : {
          classNames: stated.classNames,
          train: withLabels(arranged.train.rows, stated.labels),
          test: arranged.test && withLabels(arranged.test.rows, stated.labels),
        };
  const store = storeOf(paths, records, options);
  // A million texts take several times the memory of their bytes.
  const shared = sharePaths("", names);
  return imageDataset({
    id: "image-shards",
    path: source,
    arrangement,
    options: streamingOptions(options),
    notes: [`${paths.length} ${paths.length === 1 ? "shard" : "shards"}, decoded when read`],
    nameAt: (row) => sharedPathAt(shared, row),
    select: (parts, rows): DataSourceV1 => storedSource({ ...parts, store: selectStored(store, rows) }),
  });
}

function withLabels(rows: readonly number[], labels: Int32Array) {
  return { rows, labels: rows.map((row) => labels[row] as number) };
}

function storeOf(
  paths: readonly string[],
  records: readonly ShardRecord[],
  options: CheckedImageOptions,
): StoredImages {
  const spans: FileSpans = {
    offsets: sharedFloat64(records.flatMap(({ offsets }) => offsets)),
    lengths: sharedUint32(records.flatMap(({ lengths }) => lengths)),
    stamps: sharedFloat64(records.flatMap(({ stamp }) => stamp)),
    shuffleBuffer: options.shuffleBuffer,
  };
  return {
    kind: "stored",
    channels: streamingChannels(options),
    paths: sharePaths("/", paths),
    files: sharedUint32(records.flatMap(({ names }, shard) => names.map(() => shard))),
    spans,
    maxBrokenShare: options.onCorrupt === "error" ? 0 : options.maxBrokenShare,
    readerRecipe,
  };
}
