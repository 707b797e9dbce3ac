import { BlockwiseError, type LocalLossViewV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { checkGradients } from "./check-gradients.js";
import { ensure, ensureClose, ensureFinite } from "./ensure.js";
import { type LocalLossSubject, lossInput, randomViews } from "./local-loss-subject.js";
import { measureLeak } from "./measure-leak.js";

/** One promise that every local loss keeps. */
export interface LocalLossCheck {
  /** The promise, in words that follow the loss's name. */
  readonly name: string;
  /** `seed` is that of the random views. @throws Error saying how the promise is broken. */
  run(subject: LocalLossSubject, seed: number): void | Promise<void>;
}

type Views = readonly LocalLossViewV1[];

const degenerateViews: readonly { readonly kind: string; make(views: Views): Views }[] = [
  { kind: "zero", make: (views) => views.map((view) => mapView(view, tf.zerosLike)) },
  { kind: "constant (collapsed)", make: (views) => views.map((view) => mapView(view, tf.onesLike)) },
  { kind: "equal in all views", make: (views) => views.flatMap(() => views.slice(0, 1)) },
  {
    kind: "huge (1e4)",
    make: (views) => views.map((view) => mapView(view, (tensor) => tf.mul(tensor, 1e4))),
  },
  {
    kind: "tiny (1e-4)",
    make: (views) => views.map((view) => mapView(view, (tensor) => tf.mul(tensor, 1e-4))),
  },
];

/** What every local loss promises, whatever it computes; skips come from its capabilities only. */
export const localLossChecks: readonly LocalLossCheck[] = [
  {
    name: "says what it is",
    run({ loss }) {
      ensure(loss.specificationVersion === "v1", `specificationVersion is ${loss.specificationVersion}`);
      ensure(loss.kind === "local-loss", `kind is ${loss.kind}`);
      ensure(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(loss.id), `id "${loss.id}" is not kebab-case`);
    },
  },
  {
    name: "gives finite float32 scalars, and terms that add up to the total",
    run: (subject, seed) =>
      withViews(subject, seed, (views) => {
        const { total, terms } = subject.loss.doCompute(lossInput(subject, views));
        for (const scalar of [total, ...Object.values(terms)]) {
          ensure(scalar.dtype === "float32", `a result is ${scalar.dtype}`);
          ensureClose(scalar.shape, [], "a result's shape");
          ensureFinite(scalar, "a result");
        }
        const parts = Object.values(terms).map(readScalar);
        const sum = parts.reduce((partial, part) => partial + part, 0);
        ensureClose(readScalar(total), sum, "the total", 1e-6 * Math.max(...parts.map(Math.abs)));
      }),
  },
  {
    name: "has gradients that match finite differences",
    run: (subject, seed) =>
      withViews(subject, seed, (views) => {
        checkGradients(lossOfEmbeddings(subject, views), differentiableInputs(subject, views));
      }),
  },
  {
    name: "gives the same bits for the same input",
    run: (subject, seed) =>
      withViews(subject, seed, (views) => {
        const [first, second] = [lossOf(subject, views), lossOf(subject, views)];
        ensure(first === second, `the first call gave ${first}, the second ${second}`);
      }),
  },
  {
    name: "leaves its inputs as they were",
    run: (subject, seed) =>
      withViews(subject, seed, (views) => {
        const inputs = [...views.flatMap(tensorsOf), ...subject.parameters.values()];
        const copies = inputs.map((input) => Float32Array.from(input.dataSync()));
        subject.loss.doCompute(lossInput(subject, views));
        inputs.forEach((input, index) => {
          ensure(!input.isDisposed, "an input was disposed");
          ensureClose(input.dataSync(), copies[index] ?? [], "an input", 0);
        });
      }),
  },
  {
    name: "leaves no tensor alive but its results, with or without gradients",
    async run(subject, seed) {
      const views = randomViews(subject, seed);
      const input = lossInput(subject, views);
      const plain = await measureLeak(() => {
        const { total, terms } = subject.loss.doCompute(input);
        tf.dispose([total, ...Object.values(terms)]);
      });
      const differentiated = await measureLeak(() => {
        const f = lossOfEmbeddings(subject, views);
        const { value, grads } = tf.valueAndGrads(f)(differentiableInputs(subject, views));
        tf.dispose([value, ...grads]);
      });
      tf.dispose([...views.flatMap(tensorsOf), ...(input.labels === null ? [] : [input.labels])]);
      ensure(plain.tensors <= 0, `three calls left ${plain.tensors} tensors alive`);
      ensure(differentiated.tensors <= 0, `three gradients left ${differentiated.tensors} tensors alive`);
    },
  },
  {
    name: "does not depend on the order of the samples",
    run: (subject, seed) =>
      withViews(subject, seed, (views) => {
        if (subject.loss.capabilities.labels) return;
        const order = Array.from({ length: subject.site.batchSize }, (_, sample) => sample).reverse();
        const reversed = views.map((view) => mapView(view, (tensor) => tf.gather(tensor, order)));
        ensureClose(lossOf(subject, reversed), lossOf(subject, views), "the loss of the reversed batch");
      }),
  },
  {
    name: "is symmetric in its views if it says so",
    run: (subject, seed) =>
      withViews(subject, seed, (views) => {
        if (!subject.loss.capabilities.symmetric) return;
        ensureClose(lossOf(subject, views.toReversed()), lossOf(subject, views), "the loss of swapped views");
      }),
  },
  ...degenerateViews.map(
    ({ kind, make }): LocalLossCheck => ({
      name: `stays finite, with finite gradients, for embeddings that are ${kind}`,
      run: (subject, seed) =>
        withViews(subject, seed, (views) => {
          const degenerate = make(views);
          const f = lossOfEmbeddings(subject, degenerate);
          const { value, grads } = tf.valueAndGrads(f)(differentiableInputs(subject, degenerate));
          ensureFinite(value, "the loss");
          for (const gradient of grads) ensureFinite(gradient, "a gradient");
        }),
    }),
  ),
  {
    name: "refuses a batch that is too small, a missing view, and views that do not go together",
    run: (subject, seed) =>
      withViews(subject, seed, (views) => {
        const cut = (view: LocalLossViewV1, size: number): LocalLossViewV1 =>
          mapView(view, (tensor) => tf.slice(tensor, 0, size));
        const [first, ...others] = views;
        if (first === undefined) return;
        const { minimumBatchSize } = subject.loss.capabilities;
        const narrow = { ...first, embedding: tf.slice(first.embedding, [0, 1]) };
        if (minimumBatchSize > 1) {
          ensureRefused(
            subject,
            views.map((view) => cut(view, minimumBatchSize - 1)),
            "a batch that is too small",
          );
        }
        ensureRefused(subject, others, "a missing view");
        if (others.length === 0) return;
        ensureRefused(subject, [narrow, ...others], "views of unequal width");
        ensureRefused(
          subject,
          [cut(first, subject.site.batchSize - 1), ...others],
          "views of unequal batches",
        );
      }),
  },
];

/** The loss as a function of the views' embeddings, then of its own parameters. */
export function lossOfEmbeddings(
  subject: LocalLossSubject,
  views: Views,
): (...inputs: tf.Tensor[]) => tf.Scalar {
  return (...inputs) => {
    const embeddings = inputs.slice(0, views.length);
    const replaced = views.map((view, index) => ({
      ...view,
      embedding: (embeddings[index] ?? view.embedding) as tf.Tensor2D,
    }));
    return tf.tidy(() => {
      const input = lossInput(subject, replaced, inputs.slice(views.length));
      return subject.loss.doCompute(input).total;
    });
  };
}

function differentiableInputs(subject: LocalLossSubject, views: Views): tf.Tensor[] {
  return [...views.map(({ embedding }) => embedding), ...subject.parameters.values()];
}

function withViews(subject: LocalLossSubject, seed: number, check: (views: Views) => void): void {
  tf.tidy(() => check(randomViews(subject, seed)));
}

function lossOf(subject: LocalLossSubject, views: Views): number {
  return tf.tidy(() => readScalar(subject.loss.doCompute(lossInput(subject, views)).total));
}

function readScalar(scalar: tf.Scalar): number {
  return scalar.dataSync()[0] ?? Number.NaN;
}

function tensorsOf({ map, feature, embedding }: LocalLossViewV1): tf.Tensor[] {
  return [map, feature, embedding];
}

function mapView(view: LocalLossViewV1, change: (tensor: tf.Tensor) => tf.Tensor): LocalLossViewV1 {
  return {
    map: change(view.map),
    feature: change(view.feature) as tf.Tensor2D,
    embedding: change(view.embedding) as tf.Tensor2D,
  };
}

function ensureRefused(subject: LocalLossSubject, views: Views, what: string): void {
  let refusal: unknown;
  try {
    subject.loss.doCompute(lossInput(subject, views));
  } catch (error) {
    refusal = error;
  }
  const typed = BlockwiseError.isInstance(refusal) && refusal.code === "BLOCKWISE_SHAPE_MISMATCH";
  ensure(typed, `${what} is not refused with a ShapeMismatchError (${refusal ?? "no error"})`);
}
