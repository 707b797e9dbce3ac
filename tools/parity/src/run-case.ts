import {
  createFeatureProbe,
  fromStored,
  type Network,
  type StoredTensor,
  stepNetwork,
  storedShape,
  toStored,
} from "@blockwise/core";
import type { SafetensorsFile } from "@blockwise/safetensors";
import { type EngineV1, MalformedFileError, type ParameterLayoutV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { buildNetwork, classesOf, headOf, type Variant } from "./build-network.js";
import type { ParityCase } from "./case-format.js";
import { Comparison } from "./compare.js";
import type { Recording } from "./recording.js";

/** Builds a case's network, loads its start, repeats its steps, and compares all that the golden file holds. */
export function runCase(
  parityCase: ParityCase,
  golden: SafetensorsFile,
  engine: EngineV1,
  variant: Variant = {},
): Comparison {
  const recording: Recording = new Map();
  const network = buildNetwork(parityCase, engine, recording, variant);
  const run = new CaseRun(parityCase, golden, network, variant);
  try {
    run.loadStart();
    for (const [step, learningRate] of parityCase.lars_lrs.entries()) {
      recording.clear();
      run.step(step, learningRate);
      if (step === 0) run.compareRecording(recording);
    }
    run.compareWeights();
    run.compareEvaluation();
    return run.comparison;
  } finally {
    network.dispose();
  }
}

/** What a tensor of a file must be like. */
interface Slot {
  readonly shape: readonly number[];
  /** @default "plain" */
  readonly layout?: ParameterLayoutV1;
}

class CaseRun {
  readonly comparison = new Comparison();

  constructor(
    readonly parityCase: ParityCase,
    readonly golden: SafetensorsFile,
    readonly network: Network,
    readonly variant: Variant,
  ) {}

  /** End to end there is one block here, and its head and projector are the last of the file's. */
  #goldenIndex(block: number): number {
    return this.parityCase.detach ? block : this.parityCase.layers.length - 1;
  }

  #goldenName(name: string): string {
    return name.replace(
      /^(pool_head|projector|loss)\.(\d+)\./,
      (_, module: string, block: string) => `${module}.${this.#goldenIndex(Number(block))}.`,
    );
  }

  #read(name: string): StoredTensor {
    const entry = this.golden.tensors.get(name);
    if (entry === undefined || !(entry.data instanceof Float32Array)) {
      const path = `${this.parityCase.name}.safetensors`;
      throw new MalformedFileError(`${path} lacks the float32 tensor "${name}".`, { path });
    }
    return { shape: entry.shape, data: entry.data };
  }

  /** @throws MalformedFileError unless it has the shape that files give a tensor of that shape and layout. */
  #tensor(name: string, { shape, layout }: Slot): tf.Tensor {
    const stored = this.#read(name);
    const wanted = storedShape(shape, layout ?? "plain");
    if (stored.shape.join() !== wanted.join()) {
      const path = `${this.parityCase.name}.safetensors`;
      throw new MalformedFileError(
        `Tensor "${name}" in ${path} must have shape [${wanted.join(", ")}], but has [${stored.shape.join(", ")}].`,
        { path },
      );
    }
    return fromStored(stored, layout ?? "plain");
  }

  loadStart(): void {
    for (const learner of this.network.learners) {
      const { definition, optimizer } = learner;
      const start = (specs: readonly (Slot & { readonly name: string })[]) =>
        Object.fromEntries(
          specs.map((spec) => [spec.name, this.#tensor(`init.${this.#goldenName(spec.name)}`, spec)]),
        );
      learner.restore(
        {
          parameters: start(definition.parameters),
          buffers: start(definition.buffers),
          optimizer: optimizer.doInit(definition.parameters),
        },
        { updateCount: 0, skippedSteps: 0, skippedInARow: 0, stopped: false },
      );
    }
  }

  step(step: number, learningRate: number): void {
    const images = ["input.view1", "input.view2"].map((name) => this.#images(name));
    const stepCount = this.parityCase.lars_lrs.length;
    const classes = classesOf(this.parityCase);
    const labels = classes === null ? null : tf.tensor1d([...classes.labels], "int32");
    const reports = stepNetwork(this.network, {
      views: images,
      labels,
      step,
      stepCount,
      learningRate,
      seed: 0,
    });
    tf.dispose(images);
    labels?.dispose();
    const losses = Float32Array.from(reports, ({ loss }) => loss);
    this.comparison.add("losses", `step${step}.losses`, losses, this.#read(`step${step}.losses`).data);
  }

  compareRecording(recording: Recording): void {
    for (const [name, { data }] of recording) {
      const gradient = name.startsWith("grad.");
      const golden = gradient ? `grad.${this.#goldenName(name.slice(5))}` : this.#goldenView(name);
      const stored = this.#read(`step0.${golden}`).data;
      this.comparison.add(gradient ? "gradients" : "features", `step0.${golden}`, data, stored);
    }
  }

  #goldenView(name: string): string {
    return name.replace(
      /^block(\d+)/,
      (_, block: string) => `block${this.#goldenIndex(Number(block) - 1) + 1}`,
    );
  }

  compareWeights(): void {
    const { parameters, buffers } = this.network.tensors();
    const layouts = new Map(
      this.network.learners.flatMap(({ definition }) =>
        definition.parameters.map(({ name, layout }) => [name, layout] as const),
      ),
    );
    for (const [name, tensor] of Object.entries({ ...parameters, ...buffers })) {
      const golden = `final.${this.#goldenName(name)}`;
      const { data } = toStored(tensor, layouts.get(name) ?? "plain");
      this.comparison.add("weights", golden, data, this.#read(golden).data);
    }
  }

  /** Heads that had no loss of their own stay at the file's start. */
  compareEvaluation(): void {
    const probe = createFeatureProbe({
      network: this.network,
      head: headOf(this.parityCase, this.variant),
      seed: 0,
      initialize: (spec) => this.#tensor(spec.name.replace(/^probe_head\./, "init.pool_head."), spec),
    });
    const images = this.#images("input.view1");
    for (const [depth, { raw, head }] of probe.features(images).entries()) {
      const golden = `final.eval.block${depth + 1}.rep1`;
      this.comparison.add("features", golden, toStored(head, "plain").data, this.#read(golden).data);
      tf.dispose([raw, head]);
    }
    images.dispose();
    probe.dispose();
  }

  /** From `[batch, channel, height, width]`. */
  #images(name: string): tf.Tensor {
    const { batch, size } = this.parityCase;
    return tf.tidy(() => tf.transpose(this.#tensor(name, { shape: [batch, 3, size, size] }), [0, 2, 3, 1]));
  }
}
