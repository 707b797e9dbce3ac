import { join } from "node:path";

/** The files that a run writes for whoever watches it, and that the live page reads. */
export interface RunFiles {
  /** A JSON object a step, the same for the same run: `LoggedStep`. */
  readonly log: string;
  /** A JSON object now and then: how far the run is, and how fast. `ProgressLine`. */
  readonly progress: string;
  /** A JSON object a reading of the online probe: `OnlineReadingV1` of `@blockwise/evaluate`. */
  readonly online: string;
  /** A JSON object a map of features: `FeatureMapLine`. */
  readonly maps: string;
  /** What the images of the maps are: `MapImages`. */
  readonly mapImages: string;
  /** A folder: `pairs.json` (`PairsRecord`) and a picture a view. */
  readonly pairs: string;
}

/** Names the files in a run's folder. */
export function runFiles(folder: string): RunFiles {
  return {
    log: join(folder, "log.jsonl"),
    progress: join(folder, "progress.jsonl"),
    online: join(folder, "online.jsonl"),
    maps: join(folder, "maps.jsonl"),
    mapImages: join(folder, "map-images.json"),
    pairs: join(folder, "pairs"),
  };
}
