import type { LocalLossSiteV1, LocalLossV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { ensure, ensureClose } from "./ensure.js";
import { differentiate, variablesOf } from "./local-loss-inputs.js";
import {
  createSubject,
  disposeSubject,
  type LocalLossSample,
  type LocalLossSubject,
  randomSample,
} from "./local-loss-subject.js";
import { flatten, type NestedNumbers } from "./tensor-comparison.js";

/** An input and what the authors' formula makes of it. What the loss does not look at is left out. */
export interface LocalLossGolden<Options> {
  /** What tests call it. */
  readonly name: string;
  /** The options to make the loss from. */
  readonly options: Options;
  /** One `[batch, height, width, channels]` map a view. */
  readonly maps?: readonly NestedNumbers[];
  /** One `[batch, featureDim]` matrix a view. */
  readonly features?: readonly NestedNumbers[];
  /** One `[batch, embeddingDim]` matrix a view. */
  readonly embeddings?: readonly NestedNumbers[];
  /** `[batch]`. */
  readonly labels?: readonly number[];
  /** How many classes there are. @default 3 with labels */
  readonly classCount?: number;
  /** The loss's own parameters by name, as they lie in memory here: `[in, out]`. */
  readonly parameters?: Readonly<Record<string, NestedNumbers>>;
  /** What the authors' formula gives. */
  readonly total: number;
  /** The total's gradient with respect to each view's embedding. */
  readonly gradients?: readonly NestedNumbers[];
  /** The total's gradients with respect to other inputs, by name: `"map of view 1"`, `"parameter classifier.bias"`. */
  readonly otherGradients?: Readonly<Record<string, NestedNumbers>>;
}

/** @throws Error naming what differs from the golden values by more than rounding. */
export function checkGolden<Options>(
  create: (options?: Options) => LocalLossV1,
  site: Partial<LocalLossSiteV1>,
  golden: LocalLossGolden<Options>,
): void {
  const made = createSubject(create(golden.options), { ...site, ...siteOf(golden) });
  const subject = { ...made, parameters: new Map([...made.parameters, ...parametersOf(golden)]) };
  try {
    tf.tidy(() => {
      const sample = sampleOf(golden, randomSample(subject, 1));
      const { value, gradients } = differentiate(subject, sample);
      ensureClose(value, golden.total, "the loss");
      const names = variablesOf(subject, sample).map(({ name }) => name);
      for (const [name, expected] of Object.entries(expectedGradients(golden))) {
        ensure(names.includes(name), `the golden values have a gradient of "${name}", the loss has none`);
        ensureClose(gradients[names.indexOf(name)] ?? [], expected, `the gradient of the ${name}`);
      }
    });
  } finally {
    disposeSubject(made);
    disposeGiven(subject, made);
  }
}

function expectedGradients<Options>({
  gradients = [],
  otherGradients = {},
}: LocalLossGolden<Options>): Readonly<Record<string, NestedNumbers>> {
  const ofEmbeddings = gradients.map((gradient, view) => [`embedding of view ${view + 1}`, gradient]);
  return { ...Object.fromEntries(ofEmbeddings), ...otherGradients };
}

function siteOf<Options>(golden: LocalLossGolden<Options>): Partial<LocalLossSiteV1> {
  const [map, feature, embedding] = [golden.maps, golden.features, golden.embeddings].map((views) =>
    views?.[0] === undefined ? undefined : flatten(views[0]).shape,
  );
  const batchSize = (map ?? feature ?? embedding)?.[0];
  return {
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(map === undefined ? {} : { mapShape: map.slice(1) }),
    ...(feature?.[1] === undefined ? {} : { featureDim: feature[1] }),
    ...(embedding?.[1] === undefined ? {} : { embeddingDim: embedding[1] }),
    ...(golden.classCount === undefined ? {} : { classCount: golden.classCount }),
  };
}

function sampleOf<Options>(golden: LocalLossGolden<Options>, random: LocalLossSample): LocalLossSample {
  const { maps, features, embeddings, labels } = golden;
  const given = <T extends tf.Tensor>(
    views: readonly NestedNumbers[] | undefined,
    view: number,
    other: T,
  ): T => (views?.[view] === undefined ? other : (tensorOf(views[view]) as T));
  return {
    ...random,
    views: random.views.map(({ map, feature, embedding }, view) => ({
      map: given(maps, view, map),
      feature: given(features, view, feature),
      embedding: given(embeddings, view, embedding),
    })),
    labels: labels === undefined ? random.labels : tf.tensor1d([...labels], "int32"),
  };
}

function parametersOf<Options>({ parameters = {} }: LocalLossGolden<Options>): [string, tf.Tensor][] {
  return Object.entries(parameters).map(([name, values]) => [name, tensorOf(values)]);
}

function tensorOf(values: NestedNumbers): tf.Tensor {
  const flat = flatten(values);
  return tf.tensor(Float32Array.from(flat.values), [...flat.shape], "float32");
}

function disposeGiven(subject: LocalLossSubject, made: LocalLossSubject): void {
  for (const [name, tensor] of subject.parameters) {
    if (made.parameters.get(name) !== tensor) tensor.dispose();
  }
}
