import {
  type LayerContextV1,
  type LocalLossInputV1,
  type LocalLossSiteV1,
  type LocalLossV1,
  type LocalLossViewV1,
  MissingStateError,
  type OperationsV1,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { referenceOperations } from "./reference-operations.js";
import { startTensor } from "./start-tensor.js";

/** A loss at a site, with the parameters and buffers that it asked for. */
export interface LocalLossSubject {
  /** The loss itself. */
  readonly loss: LocalLossV1;
  /** The site it was initialised for. */
  readonly site: LocalLossSiteV1;
  /** What it computes with. */
  readonly operations: OperationsV1;
  /** The loss's own parameters by name; the subject's. */
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  /** The loss's own buffers by name; the subject's. */
  readonly buffers: ReadonlyMap<string, tf.Tensor>;
}

/** What a loss is given to look at. */
export interface LocalLossSample {
  /** As many as the loss compares; borrowed. */
  readonly views: readonly LocalLossViewV1[];
  /** The views after the next block; null for losses that do not look at them. */
  readonly next: readonly LocalLossViewV1[] | null;
  /** int32 `[batch]`; null for losses without labels. */
  readonly labels: tf.Tensor1D | null;
}

/**
 * Makes the parameters and buffers of a loss at a site. They belong to the caller: {@link disposeSubject}.
 *
 * @param site What is left out is small: 8 samples, 5 embedding dimensions, 3 classes, block 1 of 4, and behind it, for
 * losses that look at the next block, one of the same sizes.
 * @param operations @default the reference operations
 */
export function createSubject(
  loss: LocalLossV1,
  site: Partial<LocalLossSiteV1> = {},
  operations: OperationsV1 = referenceOperations,
): LocalLossSubject {
  const ownSite: LocalLossSiteV1 = {
    blockIndex: 1,
    blockCount: 4,
    mapShape: [2, 2, 3],
    featureDim: 4,
    embeddingDim: 5,
    batchSize: 8,
    classCount: loss.capabilities.labels ? 3 : null,
    next: null,
    ...site,
  };
  const looksAhead = loss.capabilities.nextBlock === true && site.next === undefined;
  const fullSite = looksAhead ? { ...ownSite, next: { ...ownSite, blockIndex: 2 } } : ownSite;
  const { parameters, buffers } = loss.doInit(fullSite);
  return {
    loss,
    site: fullSite,
    operations,
    parameters: new Map(parameters.map((spec, place) => [spec.name, startTensor(spec, place)])),
    buffers: new Map(buffers.map((spec, place) => [spec.name, startTensor(spec, place)])),
  };
}

/** Disposes what {@link createSubject} made. */
export function disposeSubject({ parameters, buffers }: LocalLossSubject): void {
  tf.dispose([...parameters.values(), ...buffers.values()]);
}

/** Random views, and labels that take their turns, for a site; the same for the same seed. They belong to the caller. */
export function randomSample({ loss, site }: LocalLossSubject, seed: number): LocalLossSample {
  const { views, labels, nextBlock = false } = loss.capabilities;
  const { batchSize, classCount, next } = site;
  return {
    views: randomViews(site, views, seed * 100),
    next: nextBlock && next !== null ? randomViews(next, views, seed * 100 + 50) : null,
    labels: labels
      ? tf.tensor1d(
          Array.from({ length: batchSize }, (_, sample) => sample % (classCount ?? 1)),
          "int32",
        )
      : null,
  };
}

function randomViews(site: LocalLossSiteV1, count: number, seed: number): LocalLossViewV1[] {
  return Array.from({ length: count }, (_, view) => {
    const draw = (shape: readonly number[], part: number): tf.Tensor =>
      tf.randomNormal([site.batchSize, ...shape], 0, 1, "float32", seed + view * 10 + part);
    return {
      map: draw(site.mapShape, 1),
      feature: draw([site.featureDim], 2) as tf.Tensor2D,
      embedding: draw([site.embeddingDim], 3) as tf.Tensor2D,
    };
  });
}

/**
 * The input of one call, in training mode. Buffer updates are seen by that call only. `parameters` stand in for the
 * subject's own, in its order.
 */
export function lossInput(
  subject: LocalLossSubject,
  sample: LocalLossSample,
  parameters: readonly tf.Tensor[] = [...subject.parameters.values()],
): LocalLossInputV1 {
  const { site, operations } = subject;
  const names = [...subject.parameters.keys()];
  const updated = new Map(subject.buffers);
  const context: LayerContextV1 = {
    training: true,
    operations,
    parameter: (name) => parameters[names.indexOf(name)] ?? missing("parameter", name),
    buffer: (name) => updated.get(name) ?? missing("buffer", name),
    updateBuffer(name, value) {
      if (!updated.has(name)) missing("buffer", name);
      updated.set(name, value);
    },
  };
  return { ...sample, site, step: 0, stepCount: 10, context };
}

function missing(kind: string, name: string): never {
  throw new MissingStateError(`The loss has asked for no ${kind} named "${name}" in doInit.`, {
    missing: name,
  });
}
