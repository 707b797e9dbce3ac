import type { DataSourceV1, JsonObject } from "@blockwise/spec";

/** What a data source is made of, whatever its images are stored in. */
export interface SourceParts<Store extends DataSourceV1["store"]> {
  readonly id: string;
  readonly options: JsonObject;
  readonly description: string;
  readonly classNames: readonly string[] | null;
  readonly labels: Int32Array | null;
  readonly store: Store;
  /** Left out for images without names. */
  readonly imageName?: (index: number) => string;
}
