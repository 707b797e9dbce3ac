import { DataSourceError, type DataSourceV1 } from "@blockwise/spec";

/** The error of a sample that could not be made into a view, for the loader's user. */
export function sampleError(
  source: DataSourceV1,
  sample: number,
  view: number,
  message: string,
  cause: unknown,
): DataSourceError {
  return new DataSourceError(
    `Sample ${sample} of "${source.id}" could not be made into view ${view}: ${message}`,
    { source: source.id },
    { cause },
  );
}
