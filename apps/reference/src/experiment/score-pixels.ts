import { pixelFeatures } from "@blockwise/evaluate";
import type { JsonObject } from "@blockwise/spec";
import { linearProbeOf } from "../evaluation/probes.js";
import type { OpenedRun } from "../run/open-run.js";

/** What a linear probe makes of the images themselves: what any features have to beat. */
export interface PixelScore {
  readonly top1: number;
  readonly protocol: JsonObject;
  readonly seconds: number;
}

/** Probes the pixels of an experiment's images. */
export async function scorePixels({ config, data }: OpenedRun): Promise<PixelScore> {
  const start = performance.now();
  const { train, test } = data.evaluation();
  const { top1, protocol } = await linearProbeOf(config).doEvaluate({
    train: await pixelFeatures(train),
    test: await pixelFeatures(test ?? train),
    classCount: data.classCount ?? 0,
    seed: config.seed,
  });
  return { top1, protocol, seconds: (performance.now() - start) / 1000 };
}
