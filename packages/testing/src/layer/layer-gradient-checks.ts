import * as tf from "@tensorflow/tfjs-core";
import { ensure, ensureFinite } from "../ensure.js";
import type { LayerSubject } from "../layer-subject.js";
import type { PluginCheck } from "../plugin/plugin-check.js";
import { differentiateLayer, type LayerUnderTest, outputWeights, withLayer } from "./layer-under-test.js";
import { directionNear, slopeOf } from "./slope.js";

/** How often each gradient is looked at, and how many inputs may be drawn to find some without a corner nearby. */
const [wantedLooks, mostDraws] = [2, 24];

const degenerateInputs: readonly {
  readonly kind: string;
  readonly make: (x: tf.Tensor) => tf.Tensor;
}[] = [
  { kind: "zero", make: (x) => tf.zerosLike(x) },
  { kind: "constant (collapsed)", make: (x) => tf.onesLike(x) },
  { kind: "huge (1e4)", make: (x) => tf.mul(x, 1e4) },
  { kind: "tiny (1e-4)", make: (x) => tf.mul(x, 1e-4) },
];

/** What a layer promises of its gradients. */
export const layerGradientChecks: readonly PluginCheck<LayerUnderTest>[] = [
  {
    name: "is reached by gradients: its input and every parameter that it lists",
    run: (test) =>
      withLayer(test, (subject, x) => {
        const { gradients } = differentiateLayer(subject, x, test.seed);
        variableNames(subject).forEach((name, place) => {
          ensure(gradients[place] !== null, `no gradient reaches its ${name}`);
        });
      }),
  },
  {
    name: "has gradients that match finite differences",
    run(test) {
      const looks = new Map<string, number>();
      const isDone = (): boolean =>
        looks.size > 0 && [...looks.values()].every((count) => count >= wantedLooks);
      for (let draw = 0; draw < mostDraws && !isDone(); draw++) {
        withLayer({ ...test, seed: test.seed + draw }, (started, x) => {
          const subject = moved(started, test.seed + draw);
          const { gradients } = differentiateLayer(subject, x, test.seed);
          variableNames(subject).forEach((name, place) => {
            const gradient = gradients[place];
            const before = looks.get(name) ?? 0;
            if (!gradient || before >= wantedLooks) return;
            const variable = { name, place, gradient, seed: test.seed, draw };
            looks.set(name, before + (isRightAlongDirection(subject, x, variable) ? 1 : 0));
          });
        });
      }
      for (const [name, count] of looks) {
        ensure(count > 0, `the ${name} always stands near a corner; try another seed or smaller sizes`);
      }
    },
  },
  ...degenerateInputs.map(
    ({ kind, make }): PluginCheck<LayerUnderTest> => ({
      name: `stays finite, with finite gradients, for input that is ${kind}`,
      run: (test) =>
        withLayer(test, (subject, x) => {
          const { output, gradients } = differentiateLayer(subject, make(x), test.seed);
          ensureFinite(output, "an output");
          for (const gradient of gradients) if (gradient !== null) ensureFinite(gradient, "a gradient");
          for (const buffer of subject.buffers.values()) ensureFinite(buffer, "a buffer");
          ensureFinite(subject.apply(make(x), { training: false }), "an output in evaluation");
        }),
    }),
  ),
];

function variableNames({ parameters }: LayerSubject): string[] {
  return ["input", ...Array.from(parameters.keys(), (name) => `parameter "${name}"`)];
}

/** The subject with its parameters moved a little, off the zeros and ones that they start from. */
function moved(subject: LayerSubject, seed: number): LayerSubject {
  const parameters = new Map(
    Array.from(subject.parameters, ([name, tensor], place) => {
      const noise = tf.randomNormal(tensor.shape, 0, 0.3, "float32", seed * 1000 + 10 + place);
      return [name, tf.add(tensor, noise)] as const;
    }),
  );
  const given = [...parameters.values()];
  return {
    ...subject,
    parameters,
    apply: (x, call) => subject.apply(x, { parameters: given, ...call }),
  };
}

/**
 * Whether the gradient could be compared along a random direction: not where the layer has a corner nearby.
 *
 * @throws Error where it is wrong.
 */
function isRightAlongDirection(
  subject: LayerSubject,
  x: tf.Tensor,
  variable: {
    readonly name: string;
    readonly place: number;
    readonly gradient: tf.Tensor;
    readonly seed: number;
    readonly draw: number;
  },
): boolean {
  const { name, place, gradient, seed, draw } = variable;
  return tf.tidy(() => {
    const inputs = [x, ...subject.parameters.values()];
    const start = inputs[place] ?? x;
    const direction = directionNear(gradient, seed * 1000 + 100 * (place + 1) + draw);
    const expected = tf.sum(tf.mul(gradient, direction)).dataSync()[0] ?? Number.NaN;
    const { value, doubt } = slopeOf((distance) => {
      const shifted = inputs.with(place, tf.add(start, tf.mul(direction, distance)));
      return weightedOutput(subject, shifted, seed);
    });
    // What is left of a gradient behind a norm can be near rounding.
    const allowed = 5e-3 * (tf.norm(gradient).dataSync()[0] ?? 0) + 2e-2;
    // NaN is no corner, and wrong.
    if (doubt > allowed / 4) return false;
    ensure(
      Math.abs(value - expected) <= allowed,
      `along a direction of its ${name} the gradient says ${expected}, finite differences ${value}`,
    );
    return true;
  });
}

/** Summed in float64: what the layer gives is as exact as float32 is, the sum of it must not lose more. */
function weightedOutput(
  subject: LayerSubject,
  [x, ...parameters]: readonly tf.Tensor[],
  seed: number,
): number {
  return tf.tidy(() => {
    const output = subject.apply(x as tf.Tensor, { parameters });
    const weights = outputWeights(output.shape, seed).dataSync();
    return Float32Array.from(output.dataSync()).reduce(
      (sum, value, place) => sum + value * (weights[place] ?? 0),
      0,
    );
  });
}
