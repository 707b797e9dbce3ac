import {
  MissingStateError,
  type OptimizerUpdateV1,
  type OptimizerV1,
  type ScheduleV1,
  ShapeMismatchError,
} from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failedChecks } from "../__fixtures__/failed-checks.js";
import { useCpuBackend } from "../use-cpu-backend.js";
import { checkResumption, describeOptimizer } from "./describe-optimizer.js";
import { describeSchedule } from "./describe-schedule.js";
import { optimizerChecks } from "./optimizer-checks.js";
import { scheduleChecks } from "./schedule-checks.js";

type Rule = (
  parameter: tf.Tensor,
  gradient: tf.Tensor,
  update: OptimizerUpdateV1 & { readonly slot: tf.Tensor },
) => readonly [parameter: tf.Tensor, slot: tf.Tensor];

const momentum: Rule = (parameter, gradient, { learningRate, slot }) => {
  const speed = tf.add(tf.mul(slot, 0.9), gradient);
  return [tf.sub(parameter, tf.mul(speed, learningRate)), speed];
};

/** Gradient descent with momentum; `overrides` break it. */
function descent(rule: Rule = momentum, overrides: Partial<OptimizerV1> = {}): OptimizerV1 {
  return {
    specificationVersion: "v1",
    kind: "optimizer",
    id: "descent",
    options: {},
    doInit: (specs) =>
      Object.fromEntries(specs.map(({ name, shape }) => [`momentum.${name}`, tf.zeros([...shape])])),
    doUpdate: (update) => {
      const { specs, parameters, gradients, state } = update;
      for (const { name, shape } of specs) checkGradient(gradients[name], name, shape);
      const updated = specs.map(({ name }) => {
        const [parameter, gradient, slot] = [parameters[name], gradients[name], state[`momentum.${name}`]];
        if (!(parameter && gradient && slot)) throw new MissingStateError("missing", { missing: name });
        return [name, tf.tidy(() => [...rule(parameter, gradient, { ...update, slot })])] as const;
      });
      return {
        parameters: Object.fromEntries(updated.map(([name, [parameter]]) => [name, parameter as tf.Tensor])),
        state: Object.fromEntries(updated.map(([name, [, slot]]) => [`momentum.${name}`, slot as tf.Tensor])),
      };
    },
    ...overrides,
  };
}

function checkGradient(gradient: tf.Tensor | undefined, name: string, shape: readonly number[]): void {
  if (gradient === undefined) throw new MissingStateError(`no gradient of ${name}`, { missing: name });
  if (gradient.shape.join() === shape.join()) return;
  throw new ShapeMismatchError({ subject: name, expected: `[${shape}]`, received: gradient.shape });
}

const kept: tf.Tensor[] = [];
const hidden = new Map<string, number>();
const halving: ScheduleV1 = {
  specificationVersion: "v1",
  kind: "schedule",
  id: "halving",
  options: {},
  learningRate: ({ step }) => 2 ** -step,
};

beforeAll(useCpuBackend);
afterAll(() => tf.dispose(kept));

describeOptimizer({ name: "momentum", create: () => descent() });
describeSchedule({ name: "halving", create: () => halving });

describe("the checks of optimisers", () => {
  it.each<[string, OptimizerV1, string[]]>([
    ["has a shouting id", descent(momentum, { id: "Descent" }), ["says what it is"]],
    [
      "names a slot after nothing",
      descent(momentum, {
        doInit: (specs) => ({ ...descent().doInit(specs), count: tf.scalar(0) }),
        doUpdate: (update) => {
          const { parameters, state } = descent().doUpdate(update);
          return { parameters, state: { ...state, count: tf.scalar(0) } };
        },
      }),
      ["names its slots after parameters, and fills them alike each time"],
    ],
    [
      "loses its slots",
      descent(momentum, {
        doUpdate: (update) => {
          const state = update.updateCount === 0 ? update.state : descent().doInit(update.specs);
          const result = descent().doUpdate({ ...update, state });
          tf.dispose(Object.values(result.state));
          if (update.updateCount > 0) tf.dispose(Object.values(state));
          return { ...result, state: {} };
        },
      }),
      ["gives every parameter and slot back, in its shape"],
    ],
    [
      "climbs",
      descent((parameter, gradient, update) => momentum(parameter, tf.neg(gradient), update)),
      ["descends"],
    ],
    [
      "decays weights whatever the rate",
      descent((parameter, gradient, update) => momentum(tf.mul(parameter, 0.99), gradient, update)),
      ["moves nothing at a learning rate of 0"],
    ],
    [
      "divides by the gradient's norm",
      descent((parameter, gradient, update) =>
        momentum(parameter, tf.div(gradient, tf.norm(gradient)), update),
      ),
      [
        "stays finite for gradients that are zero, of parameters that are zero",
        "stays finite for gradients that are zero",
      ],
    ],
    [
      "takes a power that vanishes",
      descent((parameter, gradient, update) => {
        const power = tf.pow(tf.mean(tf.square(gradient)), 3);
        return momentum(parameter, tf.mul(gradient, tf.div(power, power)), update);
      }),
      [
        "stays finite for gradients that are zero, of parameters that are zero",
        "stays finite for gradients that are zero",
        "stays finite for gradients that are tiny (1e-10)",
      ],
    ],
    [
      "overflows",
      descent((parameter, gradient, update) =>
        momentum(parameter, tf.mul(gradient, tf.exp(tf.abs(gradient))), update),
      ),
      ["stays finite for gradients that are huge (1e6)"],
    ],
    [
      "counts by itself",
      descent((parameter, gradient, update) => {
        const count = (hidden.get("count") ?? 0) + 1;
        hidden.set("count", count);
        return momentum(parameter, tf.mul(gradient, 1 - 1e-3 * (count % 7)), update);
      }),
      ["gives the same bits for the same update", "does not depend on the order of the parameters"],
    ],
    [
      "treats the first parameter as a special one",
      descent((parameter, gradient, update) =>
        momentum(
          parameter,
          update.specs[0]?.shape.join() === gradient.shape.join() ? tf.mul(gradient, 2) : gradient,
          update,
        ),
      ),
      ["does not depend on the order of the parameters"],
    ],
    [
      "gives an input back",
      descent(momentum, {
        doUpdate: (update) => {
          const result = descent().doUpdate(update);
          if (update.learningRate !== 0) return result;
          tf.dispose(Object.values(result.parameters));
          return {
            ...result,
            parameters: Object.fromEntries(
              Object.entries(update.parameters).map(([name, tensor]) => [name, tensor]),
            ),
          };
        },
      }),
      ["moves nothing at a learning rate of 0", "leaves its inputs as they were, and returns none of them"],
    ],
    [
      "leaks",
      descent((parameter, gradient, update) => {
        kept.push(tf.keep(tf.scalar(1)));
        return momentum(parameter, gradient, update);
      }),
      ["leaves no tensor alive but its results"],
    ],
    [
      "broadcasts",
      descent(momentum, {
        doUpdate: (update) => {
          const gradients = Object.fromEntries(
            update.specs.map(({ name, shape }) => {
              const gradient = update.gradients[name];
              if (!gradient) throw new MissingStateError("missing", { missing: name });
              return [name, tf.broadcastTo(gradient, [...shape])];
            }),
          );
          const result = descent().doUpdate({ ...update, gradients });
          tf.dispose(gradients);
          return result;
        },
      }),
      ["refuses a gradient that is missing or of another shape, and frees what it had made"],
    ],
  ])("find one that %s", async (_, optimizer, expected) => {
    const failed = await failedChecks(optimizerChecks, { optimizer, learningRate: 0.01, seed: 1 });
    expect(Object.keys(failed)).toEqual(expected);
  });

  it("find one that keeps its speed to itself", () => {
    let speeds: Record<string, number> = {};
    const secretive = (): OptimizerV1 => {
      speeds = {};
      const own = speeds;
      return descent((parameter, gradient, { learningRate, slot }) => {
        const key = gradient.shape.join();
        own[key] = (own[key] ?? 0) + 1;
        return [tf.sub(parameter, tf.mul(gradient, learningRate * (own[key] ?? 1))), tf.clone(slot)];
      });
    };
    const test = { optimizer: secretive(), learningRate: 0.01, seed: 1 };
    expect(() => checkResumption(test, secretive())).toThrow(/resumed, "conv.weight"/);
    expect(() => checkResumption({ ...test, optimizer: descent() }, descent())).not.toThrow();
  });
});

describe("the checks of schedules", () => {
  let calls = 0;

  it.each<[string, Partial<ScheduleV1>, string[]]>([
    ["states another kind", { kind: "optimizer" as "schedule" }, ["says what it is"]],
    [
      "divides by the last step",
      { learningRate: ({ step, stepCount }) => 1 - step / (stepCount - 1) },
      [
        "gives a finite rate of at least 0 for every step of runs of any length",
        "gives a step the same rate whenever it is asked",
      ],
    ],
    [
      "counts its calls",
      { learningRate: () => 1 / ++calls },
      ["gives a step the same rate whenever it is asked"],
    ],
  ])("find one that %s", async (_, overrides, expected) => {
    expect(Object.keys(await failedChecks(scheduleChecks, { ...halving, ...overrides }))).toEqual(expected);
  });
});
