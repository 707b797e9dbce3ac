import * as tf from "@tensorflow/tfjs-core";
import { ensure, ensureClose, ensureFinite } from "./ensure.js";
import type { LocalLossCheck } from "./local-loss-check.js";
import { gradientChecks } from "./local-loss-gradient-checks.js";
import { differentiate, mapSample, mapView, tensorsOf } from "./local-loss-inputs.js";
import { refusalChecks } from "./local-loss-refusal-checks.js";
import {
  type LocalLossSample,
  type LocalLossSubject,
  lossInput,
  randomSample,
} from "./local-loss-subject.js";
import { measureLeak } from "./measure-leak.js";

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
      withSample(subject, seed, (sample) => {
        const { total, terms } = subject.loss.doCompute(lossInput(subject, sample));
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
  ...gradientChecks,
  {
    name: "gives the same bits for the same input",
    run: (subject, seed) =>
      withSample(subject, seed, (sample) => {
        const [first, second] = [lossOf(subject, sample), lossOf(subject, sample)];
        ensure(first === second, `the first call gave ${first}, the second ${second}`);
      }),
  },
  {
    name: "leaves its inputs as they were",
    run: (subject, seed) =>
      withSample(subject, seed, (sample) => {
        const { parameters, buffers } = subject;
        const inputs = [...tensorsOf(sample), ...parameters.values(), ...buffers.values()];
        const copies = inputs.map((input) => Float32Array.from(input.dataSync()));
        subject.loss.doCompute(lossInput(subject, sample));
        inputs.forEach((input, index) => {
          ensure(!input.isDisposed, "an input was disposed");
          ensureClose(input.dataSync(), copies[index] ?? [], "an input", 0);
        });
      }),
  },
  {
    name: "leaves no tensor alive but its results, with or without gradients",
    async run(subject, seed) {
      const sample = randomSample(subject, seed);
      const plain = await measureLeak(() => {
        const { total, terms } = subject.loss.doCompute(lossInput(subject, sample));
        tf.dispose([total, ...Object.values(terms)]);
      });
      const differentiated = await measureLeak(() => {
        const { value, gradients } = differentiate(subject, sample);
        tf.dispose([value, ...gradients.filter((gradient) => gradient !== null)]);
      });
      tf.dispose(tensorsOf(sample));
      ensure(plain.tensors <= 0, `three calls left ${plain.tensors} tensors alive`);
      ensure(differentiated.tensors <= 0, `three gradients left ${differentiated.tensors} tensors alive`);
    },
  },
  {
    name: "does not depend on the order of the samples",
    run: (subject, seed) =>
      withSample(subject, seed, (sample) => {
        const order = Array.from({ length: subject.site.batchSize }, (_, place) => place).reverse();
        const reversed = mapSample(sample, (view) => mapView(view, (tensor) => tf.gather(tensor, order)));
        const labels = sample.labels === null ? null : tf.gather(sample.labels, order);
        ensureClose(
          lossOf(subject, { ...reversed, labels }),
          lossOf(subject, sample),
          "the loss of the reversed batch",
        );
      }),
  },
  {
    name: "is symmetric in its views if it says so",
    run: (subject, seed) =>
      withSample(subject, seed, (sample) => {
        if (!subject.loss.capabilities.symmetric) return;
        const { views, next, labels } = sample;
        const swapped = { views: views.toReversed(), next: next?.toReversed() ?? null, labels };
        ensureClose(lossOf(subject, swapped), lossOf(subject, sample), "the loss of swapped views");
      }),
  },
  ...refusalChecks,
];

function withSample(subject: LocalLossSubject, seed: number, check: (sample: LocalLossSample) => void): void {
  tf.tidy(() => check(randomSample(subject, seed)));
}

function lossOf(subject: LocalLossSubject, sample: LocalLossSample): number {
  return tf.tidy(() => readScalar(subject.loss.doCompute(lossInput(subject, sample)).total));
}

function readScalar(scalar: tf.Scalar): number {
  return scalar.dataSync()[0] ?? Number.NaN;
}
