import { writeFileAtomically, writeSafetensors } from "@blockwise/safetensors";
import { type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import { encodeCsv } from "./encode-csv.js";
import { encodeNpy } from "./encode-npy.js";
import { encodeParquet } from "./encode-parquet.js";
import { type DepthFeatureTables, featureRows } from "./feature-rows.js";
import { safetensorsContent } from "./safetensors-content.js";

/** Which features to write. */
export interface FeatureFileOptions {
  /** What `extractFeatures` of `@blockwise/core` gave. Borrowed. */
  readonly depths: readonly DepthFeatureTables[];
  /** The images, for their names and labels. Borrowed. */
  readonly source: DataSourceV1;
  /** The block to write; null for all, or in a `.npy` file the last. @default null */
  readonly block?: string | null;
  /**
   * `"raw"`, the block's map averaged over height and width; `"head"`, what its head makes of it; or both.
   * @default "both", in a `.npy` file "raw"
   */
  readonly features?: "raw" | "head" | "both" | null;
  /** Texts that Parquet and safetensors keep beside the features. @default {} */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What was written. */
export interface WrittenFeatures {
  /** Paths. */
  readonly files: readonly string[];
  /** Names of tables: `"<block>.raw"`, `"<block>.head"`. */
  readonly tables: readonly string[];
  /** How many rows. */
  readonly images: number;
}

/** What a file's name may end in. */
export const featureFileEndings: readonly [".safetensors", ".parquet", ".npy"] = [
  ".safetensors",
  ".parquet",
  ".npy",
];

/** Where a `.npy` file's names and labels go, which it has no room for; null for the other formats, which have. */
export function featureRowsFile(path: string): string | null {
  return path.endsWith(".npy") ? path.replace(/npy$/, "rows.csv") : null;
}

/**
 * Writes features of images into a file, one row an image, in the format that its name ends in.
 *
 * `.parquet`: columns `name`, `label`, `class` (where images have them), and for each table a list of float32.
 * `.safetensors`: tensors of the same names, F32 `[images, width]`; `labels` I32; `names` UTF-8 with zero bytes between.
 * `.npy`: one table, float32 `[images, width]`; names and labels go into `<name>.rows.csv` beside it.
 *
 * @throws InvalidOptionError for another ending, or a block that is not there; StorageError
 * @example
 * await writeFeatures("photos.parquet", { depths: features, source: train });
 */
export async function writeFeatures(path: string, options: FeatureFileOptions): Promise<WrittenFeatures> {
  const { depths, source, metadata = {} } = options;
  const ending = featureFileEndings.find((one) => path.endsWith(one));
  if (ending === undefined) {
    throw new InvalidOptionError({
      option: "path",
      expected: `a file name that ends in ${featureFileEndings.join(" or ")}`,
      received: path,
    });
  }
  const chosen = chooseDepths(depths, options.block ?? null, ending === ".npy");
  const rows = featureRows(chosen, chooseKinds(options.features ?? null, ending === ".npy"), source);
  const files = [path];
  const beside = featureRowsFile(path);
  if (ending === ".parquet") {
    await writeFileAtomically(path, encodeParquet(rows, metadata));
  } else if (ending === ".safetensors") {
    await writeSafetensors(path, safetensorsContent(rows, metadata));
  } else {
    for (const { dim, features } of rows.tables.slice(0, 1)) {
      await writeFileAtomically(path, encodeNpy([rows.count, dim], features));
    }
  }
  if (beside !== null) {
    await writeFileAtomically(beside, encodeCsv(rows));
    files.push(beside);
  }
  return { files, tables: rows.tables.map(({ name }) => name), images: rows.count };
}

function chooseDepths(
  depths: readonly DepthFeatureTables[],
  block: string | null,
  one: boolean,
): readonly DepthFeatureTables[] {
  if (block === null) return one ? depths.slice(-1) : depths;
  const chosen = depths.filter(({ id }) => id === block);
  if (chosen.length > 0) return chosen;
  throw new InvalidOptionError({
    option: "block",
    expected: `one of ${depths.map(({ id }) => id).join(", ")}`,
    received: block,
  });
}

function chooseKinds(features: "raw" | "head" | "both" | null, one: boolean): readonly ("raw" | "head")[] {
  if (features === "raw" || features === "head") return [features];
  if (!one) return ["raw", "head"];
  if (features === null) return ["raw"];
  throw new InvalidOptionError({
    option: "features",
    expected: '"raw" or "head" for a .npy file, which holds one table',
    received: features,
  });
}
