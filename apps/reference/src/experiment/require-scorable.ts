import { DataSourceError } from "@blockwise/spec";
import { datasetName } from "../config/sections/data.js";
import type { OpenedRun } from "../run/open-run.js";

/** @throws DataSourceError where a command that scores its networks could not: without labels or held-out images. */
export function requireScorable({ config, data }: OpenedRun, command: string): void {
  if (data.dataset.test !== null && data.classCount !== null) return;
  throw new DataSourceError(
    `${data.train.description}: ${command} scores its networks, and for that needs labels and held-out images. ` +
      "Use class folders, and data.holdOut above 0 or folders train and test; or only train, with the command train.",
    { source: datasetName(config.data.dataset) },
  );
}
