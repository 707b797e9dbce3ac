import * as tf from "@tensorflow/tfjs-core";
import { checkGradients } from "./check-gradients.js";
import { ensure, ensureFinite } from "./ensure.js";
import type { LocalLossCheck } from "./local-loss-check.js";
import {
  differentiate,
  lossOfVariables,
  mapSample,
  mapView,
  tensorsOf,
  variablesOf,
} from "./local-loss-inputs.js";
import { type LocalLossSample, randomSample } from "./local-loss-subject.js";

const degenerateSamples: readonly {
  readonly kind: string;
  make(sample: LocalLossSample): LocalLossSample;
}[] = [
  { kind: "zero", make: (sample) => mapSample(sample, (view) => mapView(view, tf.zerosLike)) },
  {
    kind: "constant (collapsed)",
    make: (sample) => mapSample(sample, (view) => mapView(view, tf.onesLike)),
  },
  {
    kind: "equal in all views",
    make: ({ views, next, labels }) => ({
      views: views.map((view) => views[0] ?? view),
      next: next?.map((view) => next[0] ?? view) ?? null,
      labels,
    }),
  },
  { kind: "huge (1e4)", make: (sample) => scaled(sample, 1e4) },
  { kind: "tiny (1e-4)", make: (sample) => scaled(sample, 1e-4) },
];

/** What a loss promises of its gradients: by maps, features, embeddings, those after the next block, and parameters. */
export const gradientChecks: readonly LocalLossCheck[] = [
  {
    name: "has gradients that match finite differences",
    run: (subject, seed) =>
      tf.tidy(() => {
        const sample = randomSample(subject, seed);
        const variables = variablesOf(subject, sample);
        const { gradients } = differentiate(subject, sample);
        const loss = lossOfVariables(subject, sample);
        const tensors = variables.map(({ tensor }) => tensor);
        const reached = tensors.flatMap((_, place) => (gradients[place] === null ? [] : [place]));
        ensure(reached.length > 0, "no gradient reaches a view or a parameter");
        checkGradients(
          (...moved) => loss(...tensors.map((tensor, place) => moved[reached.indexOf(place)] ?? tensor)),
          reached.map((place) => tensors[place] as tf.Tensor),
          { names: reached.map((place) => variables[place]?.name ?? "") },
        );
        const value = readLoss(loss(...tensors));
        variables.forEach(({ name, tensor }, place) => {
          if (gradients[place] !== null) return;
          const noise = tf.randomNormal(tensor.shape, 0, 0.1, "float32", seed + place + 1);
          const moved = readLoss(loss(...tensors.with(place, tf.add(tensor, noise))));
          ensure(moved === value, `no gradient reaches the ${name}, but the loss depends on it`);
        });
      }),
  },
  {
    name: "computes from its input and its own state alone",
    run: (subject, seed) =>
      tf.tidy(() => {
        const sample = randomSample(subject, seed);
        const engine = tf.engine();
        const inputs = variablesOf(subject, sample).map(({ tensor }) => tensor);
        const given = [...inputs, ...subject.buffers.values(), ...tensorsOf(sample)].map(({ id }) => id);
        const variables = Object.keys(engine.registeredVariables).join();
        const firstId = tf.tidy(() => tf.scalar(0).id);
        let hidden: tf.Tensor | undefined;
        const f = (): tf.Scalar => {
          const value = lossOfVariables(subject, sample)(...inputs);
          const read = (engine.state.activeTape ?? []).flatMap((node) => Object.values(node.inputs));
          // What is older than the call, and was not handed to it, the loss keeps for itself.
          hidden = read.find(({ id }) => id < firstId && !given.includes(id));
          return value;
        };
        engine.gradients(f, inputs, undefined, true);
        ensure(hidden === undefined, `it reads a tensor of shape [${hidden?.shape}] that it was not given`);
        ensure(
          Object.keys(engine.registeredVariables).join() === variables,
          "it makes variables of its own; state belongs into doInit",
        );
      }),
  },
  ...degenerateSamples.map(
    ({ kind, make }): LocalLossCheck => ({
      name: `stays finite, with finite gradients, for views that are ${kind}`,
      run: (subject, seed) =>
        tf.tidy(() => {
          const { value, gradients } = differentiate(subject, make(randomSample(subject, seed)));
          ensureFinite(value, "the loss");
          for (const gradient of gradients) if (gradient !== null) ensureFinite(gradient, "a gradient");
        }),
    }),
  ),
];

function scaled(sample: LocalLossSample, factor: number): LocalLossSample {
  return mapSample(sample, (view) => mapView(view, (tensor) => tf.mul(tensor, factor)));
}

function readLoss(scalar: tf.Scalar): number {
  return scalar.dataSync()[0] ?? Number.NaN;
}
