import type { LocalLossViewV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import type { BatchPart } from "./batch-part.js";
import { gatherParts } from "./sum-over-parts.js";

/** Views of the whole batch, until they are disposed of. */
export interface WholeViews {
  readonly views: readonly LocalLossViewV1[];
  dispose(): void;
}

/**
 * What a loss sees of the whole batch, of what each thread's part makes of it. Embeddings are gathered at once, maps and
 * features when a loss asks for them: few do, and every thread asks for the same.
 */
export function wholeViews(views: readonly LocalLossViewV1[], part: BatchPart): WholeViews {
  const kept: tf.Tensor[] = [];
  const gather = <Kind extends tf.Tensor>(own: Kind): Kind => {
    const whole = tf.keep(gatherParts(own, part));
    kept.push(whole);
    return whole;
  };
  return {
    views: views.map((view) => {
      const embedding = gather(view.embedding);
      let map: LocalLossViewV1["map"] | null = null;
      let feature: LocalLossViewV1["feature"] | null = null;
      return {
        get map() {
          map ??= gather(view.map);
          return map;
        },
        get feature() {
          feature ??= gather(view.feature);
          return feature;
        },
        embedding,
      };
    }),
    dispose: () => tf.dispose(kept),
  };
}
