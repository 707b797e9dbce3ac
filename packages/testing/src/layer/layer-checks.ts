import type { LayerV1, ParameterSpecV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { ensure, ensureClose } from "../ensure.js";
import { createLayerSubject, type LayerSubject } from "../layer-subject.js";
import { measureLeak } from "../measure-leak.js";
import { ensureRefused } from "../plugin/ensure-refused.js";
import { ensureNoHiddenState } from "../plugin/hidden-tensor.js";
import type { PluginCheck } from "../plugin/plugin-check.js";
import { ensureDescribed } from "./described-value.js";
import { layerGradientChecks } from "./layer-gradient-checks.js";
import { differentiateLayer, type LayerUnderTest, randomInput, withLayer } from "./layer-under-test.js";

/** What every layer promises: those of backbones, heads and projectors. */
export const layerChecks: readonly PluginCheck<LayerUnderTest>[] = [
  {
    name: "lists parameters and buffers once each, with shapes that go with their layouts",
    run({ layer }) {
      const names = [...layer.parameters, ...layer.buffers].map(({ name }) => name);
      const twice = names.find((name, place) => names.indexOf(name) !== place);
      ensure(twice === undefined, `"${twice}" is listed twice`);
      for (const { name, shape } of [...layer.parameters, ...layer.buffers]) {
        ensure(isShape(shape), `"${name}" has the shape [${shape}]`);
      }
      for (const spec of layer.parameters) {
        ensure(fits(spec), `"${spec.name}" of shape [${spec.shape}] cannot have the layout "${spec.layout}"`);
      }
    },
  },
  {
    name: "puts out float32 of the shape that it declares",
    run: (test) =>
      withLayer(test, (subject, x) => {
        ensureDeclaredOutput(subject, x);
        ensureDeclaredOutput(subject, tf.concat([x, x]));
      }),
  },
  {
    name: "refuses input of another rank, and says the truth of other widths or refuses them",
    run: (test) =>
      withLayer(test, (subject) => {
        const { layer, inputShape, batchSize } = test;
        const refuse = (shape: readonly number[]): void =>
          ensureRefused(() => layer.outputShape(shape), "BLOCKWISE_SHAPE_MISMATCH", `the input [${shape}]`);
        refuse([...inputShape, 1]);
        refuse(inputShape.slice(0, -1));
        refuse([...inputShape.slice(0, -1), 0]);
        const wider = [...inputShape.slice(0, -1), (inputShape.at(-1) ?? 0) + 1];
        if (isRefused(layer, wider)) return;
        ensureDeclaredOutput(subject, tf.ones([batchSize, ...wider]));
      }),
  },
  ...layerGradientChecks,
  {
    name: "computes from its input and what it lists alone",
    run: (test) =>
      withLayer(test, (subject, x) => {
        const inputs = [x, ...subject.parameters.values()];
        ensureNoHiddenState(() => subject.apply(x), inputs, [...subject.buffers.values()]);
      }),
  },
  {
    name: "gives the same bits for the same input",
    run: (test) =>
      withLayer(test, (subject, x) => {
        const [first, second] = [subject.apply(x), subject.apply(x)];
        ensureClose(second, first, "the second call", 0);
      }),
  },
  {
    name: "treats all samples alike",
    run: (test) =>
      withLayer(test, (subject, x) => {
        const expected = tf.reverse(subject.apply(x), 0);
        const received = subject.apply(tf.reverse(x, 0));
        ensureClose(received, expected, "the output of the reversed batch", 1e-4 * magnitude(expected));
      }),
  },
  {
    name: "looks at each sample by itself in evaluation",
    run: (test) =>
      withLayer(test, (subject, x) => {
        const apart = tf.concat([x, tf.mul(x, 50)]);
        const alone = subject.apply(x, { training: false });
        const together = tf.slice(subject.apply(apart, { training: false }), 0, test.batchSize);
        ensureClose(together, alone, "the output of samples beside others", 1e-4 * magnitude(alone));
      }),
  },
  {
    name: "leaves its input and parameters as they were, and in evaluation its buffers",
    run: (test) =>
      withLayer(test, (subject, x) => {
        const inputs = [x, ...subject.parameters.values()];
        ensureUntouched(inputs, "an input", () => subject.apply(x));
        const buffers = [...subject.buffers.values()];
        ensureUntouched([...inputs, ...buffers], "an input or buffer", () =>
          subject.apply(x, { training: false }),
        );
        const replaced = [...subject.buffers.values()].some((buffer, place) => buffer !== buffers[place]);
        ensure(!replaced, "a buffer was updated in evaluation");
      }),
  },
  {
    name: "keeps no tensor beyond the tidy that it is called in, with or without gradients",
    async run(test) {
      const subject = createLayerSubject(test.layer);
      const x = randomInput(test);
      const plain = await measureLeak(() => tf.tidy(() => void subject.apply(x)));
      const evaluated = await measureLeak(() => tf.tidy(() => void subject.apply(x, { training: false })));
      const differentiated = await measureLeak(() =>
        tf.tidy(() => void differentiateLayer(subject, x, test.seed)),
      );
      x.dispose();
      subject.dispose();
      ensure(plain.tensors <= 0, `three calls left ${plain.tensors} tensors alive`);
      ensure(evaluated.tensors <= 0, `three calls in evaluation left ${evaluated.tensors} tensors alive`);
      ensure(differentiated.tensors <= 0, `three gradients left ${differentiated.tensors} tensors alive`);
    },
  },
  {
    name: "computes in evaluation what it describes, if it describes anything",
    run: (test) => withLayer(test, ensureDescribed),
  },
  {
    name: "states costs that can be",
    run({ layer, inputShape, batchSize }) {
      const costs = [
        layer.multiplyAdds?.(inputShape),
        layer.activationSize?.(inputShape),
        layer.activationSize?.(inputShape, batchSize),
      ];
      for (const cost of costs) {
        ensure(cost === undefined || (Number.isFinite(cost) && cost >= 0), `a cost is ${cost}`);
      }
    },
  },
];

/** Throws unless the tensors are alive and hold the same numbers after an action, whose result is the tidy's. */
function ensureUntouched(tensors: readonly tf.Tensor[], what: string, action: () => tf.Tensor): void {
  const copies = tensors.map((tensor) => Float32Array.from(tensor.dataSync()));
  const output = action();
  ensure(!tensors.includes(output), `${what} was returned as the output`);
  tensors.forEach((tensor, place) => {
    ensure(!tensor.isDisposed, `${what} was disposed`);
    ensureClose(tensor.dataSync(), copies[place] ?? [], what, 0);
  });
}

function ensureDeclaredOutput({ layer, apply }: LayerSubject, x: tf.Tensor): void {
  const [batch = 0, ...inputShape] = x.shape;
  const declared = [batch, ...layer.outputShape(inputShape)].join(", ");
  for (const training of [true, false]) {
    const output = apply(x, { training });
    const received = output.shape.join(", ");
    ensure(received === declared, `input [${x.shape}] gives [${received}], declared is [${declared}]`);
    ensure(output.dtype === "float32", `the output is ${output.dtype}`);
  }
}

function isRefused(layer: LayerV1, inputShape: readonly number[]): boolean {
  try {
    layer.outputShape(inputShape);
    return false;
  } catch {
    ensureRefused(() => layer.outputShape(inputShape), "BLOCKWISE_SHAPE_MISMATCH", `[${inputShape}]`);
    return true;
  }
}

function isShape(shape: readonly number[]): boolean {
  return shape.every((size) => Number.isInteger(size) && size > 0);
}

function fits({ shape, layout }: ParameterSpecV1): boolean {
  return layout === "plain" || shape.length === (layout === "convolution" ? 4 : 2);
}

function magnitude(tensor: tf.Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(tensor)).dataSync()[0] ?? 0);
}
