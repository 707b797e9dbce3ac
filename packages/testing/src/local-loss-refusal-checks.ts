import { BlockwiseError, type LocalLossViewV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { ensure } from "./ensure.js";
import type { LocalLossCheck } from "./local-loss-check.js";
import { mapView } from "./local-loss-inputs.js";
import {
  type LocalLossSample,
  type LocalLossSubject,
  lossInput,
  randomSample,
} from "./local-loss-subject.js";

/** What a loss promises to refuse with a typed error. */
export const refusalChecks: readonly LocalLossCheck[] = [
  {
    name: "refuses a batch that is too small, a missing view, and views that do not go together",
    run: (subject, seed) =>
      tf.tidy(() => {
        const sample = randomSample(subject, seed);
        const [first, ...others] = sample.views;
        if (first === undefined) return;
        const { minimumBatchSize } = subject.loss.capabilities;
        const refuse = (views: readonly LocalLossViewV1[], what: string): void =>
          ensureRefused(subject, { ...sample, views }, shapeMismatch, what);
        if (minimumBatchSize > 1) {
          const small = sample.views.map((view) => cut(view, minimumBatchSize - 1));
          refuse(small, "a batch that is too small");
        }
        refuse(others, "a missing view");
        if (others.length === 0) return;
        refuse([mapView(first, narrow), ...others], "views of unequal width");
        refuse([cut(first, subject.site.batchSize - 1), ...others], "views of unequal batches");
      }),
  },
  {
    name: "refuses labels that are missing, too few, or of no class",
    run: (subject, seed) =>
      tf.tidy(() => {
        if (!subject.loss.capabilities.labels) return;
        const sample = randomSample(subject, seed);
        const { batchSize, classCount } = subject.site;
        const refuse = (labels: tf.Tensor1D | null, what: string): void =>
          ensureRefused(subject, { ...sample, labels }, null, what);
        const labelsOf = (label: number): tf.Tensor1D =>
          tf.concat([tf.zeros<tf.Rank.R1>([batchSize - 1], "int32"), tf.tensor1d([label], "int32")]);
        refuse(null, "a batch without labels");
        refuse(tf.zeros([batchSize - 1], "int32"), "a batch with too few labels");
        refuse(labelsOf(-1), "a label of -1");
        refuse(labelsOf(classCount ?? 0), `the label ${classCount} of ${classCount} classes, from 0,`);
      }),
  },
];

const shapeMismatch = "BLOCKWISE_SHAPE_MISMATCH";

function cut(view: LocalLossViewV1, batch: number): LocalLossViewV1 {
  return mapView(view, (tensor) => tf.slice(tensor, 0, batch));
}

/** Without the first of its last axis. */
function narrow(tensor: tf.Tensor): tf.Tensor {
  return tf.slice(
    tensor,
    tensor.shape.map((_, axis) => (axis === tensor.rank - 1 ? 1 : 0)),
  );
}

/** @param code The error's; null where any of Blockwise's own will do. */
function ensureRefused(
  subject: LocalLossSubject,
  sample: LocalLossSample,
  code: typeof shapeMismatch | null,
  what: string,
): void {
  let refusal: unknown;
  try {
    subject.loss.doCompute(lossInput(subject, sample));
  } catch (error) {
    refusal = error;
  }
  const typed = BlockwiseError.isInstance(refusal) && (code === null || refusal.code === code);
  const wanted = code === null ? "an error of Blockwise's own" : "a ShapeMismatchError";
  ensure(typed, `${what} is not refused with ${wanted} (${refusal ?? "no error"})`);
}
