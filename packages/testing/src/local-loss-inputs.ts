import type { LocalLossViewV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { type LocalLossSample, type LocalLossSubject, lossInput } from "./local-loss-subject.js";

/** A tensor that a loss can be differentiated by. */
export interface LocalLossVariable {
  /** `"map of view 1"`, `"embedding of view 2 after the next block"`, `"parameter weight"`. */
  readonly name: string;
  readonly tensor: tf.Tensor;
}

const viewParts = ["map", "feature", "embedding"] as const;

/** All that a loss can be differentiated by, in the order of {@link lossOfVariables}; borrowed from its owners. */
export function variablesOf(
  subject: LocalLossSubject,
  { views, next }: LocalLossSample,
): LocalLossVariable[] {
  return [
    ...variablesOfViews(views, ""),
    ...variablesOfViews(next ?? [], " after the next block"),
    ...Array.from(subject.parameters, ([name, tensor]) => ({ name: `parameter ${name}`, tensor })),
  ];
}

/** The loss as a function of the tensors of {@link variablesOf}. */
export function lossOfVariables(
  subject: LocalLossSubject,
  sample: LocalLossSample,
): (...tensors: tf.Tensor[]) => tf.Scalar {
  return (...tensors) => {
    const { views, next, labels } = sample;
    const [own, following] = [views.length * viewParts.length, (next?.length ?? 0) * viewParts.length];
    const replaced: LocalLossSample = {
      views: viewsOf(tensors.slice(0, own)),
      next: next === null ? null : viewsOf(tensors.slice(own, own + following)),
      labels,
    };
    return tf.tidy(
      () => subject.loss.doCompute(lossInput(subject, replaced, tensors.slice(own + following))).total,
    );
  };
}

/** The loss and its gradient by each of the variables; null where it does not depend on one. All are the caller's. */
export function differentiate(
  subject: LocalLossSubject,
  sample: LocalLossSample,
): { readonly value: tf.Scalar; readonly gradients: readonly (tf.Tensor | null)[] } {
  const tensors = variablesOf(subject, sample).map(({ tensor }) => tensor);
  const loss = lossOfVariables(subject, sample);
  const { value, grads } = tf.engine().gradients(() => loss(...tensors), tensors, undefined, true);
  return { value, gradients: tensors.map((_, place) => grads[place] ?? null) };
}

/** The same sample with every view changed, those after the next block as well. */
export function mapSample(
  { views, next, labels }: LocalLossSample,
  change: (view: LocalLossViewV1, index: number) => LocalLossViewV1,
): LocalLossSample {
  return { views: views.map(change), next: next?.map(change) ?? null, labels };
}

/** The same view with its map, feature and embedding changed. */
export function mapView(view: LocalLossViewV1, change: (tensor: tf.Tensor) => tf.Tensor): LocalLossViewV1 {
  return {
    map: change(view.map),
    feature: change(view.feature) as tf.Tensor2D,
    embedding: change(view.embedding) as tf.Tensor2D,
  };
}

/** All tensors of a sample; borrowed from it. */
export function tensorsOf({ views, next, labels }: LocalLossSample): tf.Tensor[] {
  const ofViews = [...views, ...(next ?? [])].flatMap((view) => viewParts.map((part) => view[part]));
  return labels === null ? ofViews : [...ofViews, labels];
}

function variablesOfViews(views: readonly LocalLossViewV1[], suffix: string): LocalLossVariable[] {
  return views.flatMap((view, index) =>
    viewParts.map((part) => ({ name: `${part} of view ${index + 1}${suffix}`, tensor: view[part] })),
  );
}

function viewsOf(tensors: readonly tf.Tensor[]): LocalLossViewV1[] {
  const views: LocalLossViewV1[] = [];
  for (let first = 0; first < tensors.length; first += viewParts.length) {
    const [map, feature, embedding] = tensors.slice(first) as [tf.Tensor, tf.Tensor2D, tf.Tensor2D];
    views.push({ map, feature, embedding });
  }
  return views;
}
