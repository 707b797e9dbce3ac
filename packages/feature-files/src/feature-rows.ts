import { type DataSourceV1, type FeatureTable, InvalidOptionError } from "@blockwise/spec";

/** The features of images at one depth: what `extractFeatures` of `@blockwise/core` gives. Borrowed. */
export interface DepthFeatureTables {
  /** The block's id, `"layer1"`. */
  readonly id: string;
  /** The image of each row: its place in the source. */
  readonly indices: Uint32Array;
  /** The block's map, pooled: `[images, channels]`. */
  readonly raw: FeatureTable;
  /** What its head makes of it: `[images, dim]`. */
  readonly head: FeatureTable;
}

/** The features of one block and kind. */
export interface NamedTable {
  /** `"<block>.raw"` or `"<block>.head"` */
  readonly name: string;
  readonly dim: number;
  /** `[images, dim]`, row by row. */
  readonly features: Float32Array;
}

/** What files are written of: tables of as many rows, and what each row is of. */
export interface FeatureRows {
  readonly count: number;
  readonly tables: readonly NamedTable[];
  /** Null where images have no names. */
  readonly names: readonly string[] | null;
  /** Null where images have no labels. */
  readonly labels: Int32Array | null;
  readonly classNames: readonly string[] | null;
}

/** Puts together what is to be written. @throws InvalidOptionError where there is no depth */
export function featureRows(
  depths: readonly DepthFeatureTables[],
  kinds: readonly ("raw" | "head")[],
  source: DataSourceV1,
): FeatureRows {
  const [first] = depths;
  if (first === undefined) {
    throw new InvalidOptionError({ option: "depths", expected: "the features of a block", received: [] });
  }
  const { indices } = first;
  const { labels, classNames } = source;
  return {
    count: indices.length,
    tables: depths.flatMap((depth) => kinds.map((kind) => ({ ...depth[kind], name: `${depth.id}.${kind}` }))),
    names: namesOf(source, indices),
    labels: labels === null ? null : Int32Array.from(indices, (index) => labels[index] ?? -1),
    classNames,
  };
}

function namesOf(source: DataSourceV1, indices: Uint32Array): readonly string[] | null {
  if (source.imageName === undefined) return null;
  return Array.from(indices, (index) => source.imageName?.(index) ?? "");
}
