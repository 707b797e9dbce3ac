import { DataSourceError, type DataSourceV1 } from "@blockwise/spec";
import { datasetName } from "../config/sections/data.js";
import type { OpenedRun } from "../run/open-run.js";

/** Images to fit on and to score on, with classes. */
export interface LabelledImages {
  readonly train: DataSourceV1;
  readonly test: DataSourceV1;
  readonly classCount: number;
}

/** What a run's protocols fit on and score on. @throws DataSourceError for images that cannot be scored. */
export function labelledImages({ config, data }: OpenedRun): LabelledImages {
  const { classCount } = data;
  const { train, test } = data.evaluation();
  if (test !== null && classCount !== null) return { train, test, classCount };
  throw new DataSourceError(
    `${data.train.description} has no labels or no held-out split, so that nothing can be scored. Use class folders.`,
    { source: datasetName(config.data.dataset) },
  );
}
