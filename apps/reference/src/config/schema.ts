import { z } from "zod";

const count = z.int().positive();
const fraction = z.number().min(0).max(1);

const network = z.strictObject({
  /** A named ResNet, or the residual unit and its count in each stage. */
  depth: z.union([
    z.literal([18, 34, 50, 101, 152]),
    z.strictObject({ unit: z.enum(["basic", "bottleneck"]), unitCounts: z.array(count).min(1) }),
  ]),
  width: count,
  stem: z.enum(["cifar", "imagenet"]),
  zeroInitResidual: z.boolean(),
});

const partition = z.union([
  z.enum(["stages", "end-to-end", "units"]),
  count,
  z.array(z.array(z.string()).min(1)).min(1),
]);

const head = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("convolution-expansion"), dim: count, kernelSize: z.literal([1, 3]) }),
  z.strictObject({ kind: z.literal("global-pool") }),
]);

const loss = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("barlow-twins"),
    lambda: z.number().min(0),
    scale: z.number().positive(),
  }),
  z.strictObject({ kind: z.literal("simclr"), temperature: z.number().positive() }),
  z.strictObject({
    kind: z.literal("vicreg"),
    similarity: z.number().min(0),
    variance: z.number().min(0),
    covariance: z.number().min(0),
  }),
]);

const optimizer = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("adamw"),
    learningRate: z.number().positive(),
    weightDecay: z.number().min(0),
  }),
  z.strictObject({
    kind: z.literal("sgd"),
    learningRate: z.number().positive(),
    momentum: fraction,
    weightDecay: z.number().min(0),
  }),
  z.strictObject({
    kind: z.literal("lars"),
    learningRate: z.number().positive(),
    momentum: fraction,
    weightDecay: z.number().min(0),
    trustCoefficient: z.number().positive(),
    clip: z.boolean(),
  }),
]);

/** Everything that a run depends on. */
export const runConfigSchema = z.strictObject({
  data: z.strictObject({
    /** A data set's name, a folder or tar of images, or "auto" for the best that can be had. */
    dataset: z.string().min(1),
    /** Height and width of the views in pixels; "auto" for the images' own where that is at most 64, else 64. */
    imageSize: z.union([count, z.literal("auto")]),
    /** The most images to train on, balanced over the classes; null for all. */
    maxTrainImages: count.nullable(),
    /** The part of a folder's images to hold out for scoring, where it has no test folder of its own. */
    holdOut: z.number().min(0).lt(1),
    /** What to do about images that cannot be decoded. */
    onCorrupt: z.enum(["error", "skip"]),
    /** Whether images that are smaller than the views are enlarged instead of refused; "auto" sizes enlarge. */
    enlarge: z.boolean(),
  }),
  network,
  partition,
  head,
  projector: z.strictObject({ widths: z.array(count).min(1) }),
  loss,
  noise: z
    .strictObject({ kind: z.enum(["all", "c", "hw"]), standardDeviation: z.number().min(0) })
    .nullable(),
  optimizer,
  schedule: z.strictObject({ warmupFraction: fraction, finalFactor: fraction }),
  augmentation: z.strictObject({
    /** The smallest part of an image's area that a crop may show. */
    minimumScale: z.number().positive().max(1),
    /** "auto" flips everything but digits, which mean something else then. */
    flip: z.union([z.boolean(), z.literal("auto")]),
    blur: z.boolean(),
  }),
  batchSize: count,
  /** 0 leaves the network at its random weights. */
  epochs: z.int().min(0),
  /** Ends the run early; null for none. */
  maxSteps: count.nullable(),
  seed: z.int().min(0),
  engine: z.enum(["auto", "wasm", "cpu", "node", "node-gpu", "webgpu"]),
  /** Threads that prepare batches; null for what suits the machine. */
  workers: z.int().min(0).nullable(),
  checkpoints: z.strictObject({ everySteps: count, keep: count }),
  evaluation: z.strictObject({
    /** The most images to fit probes on and to score them on; null for all. */
    maxTrainImages: count.nullable(),
    maxTestImages: count.nullable(),
    probeEpochs: count,
    probeLearningRate: z.number().positive(),
    neighbors: count,
  }),
});

/** Everything that a run depends on. */
export type RunConfig = z.infer<typeof runConfigSchema>;

/** A configuration with nothing left open. */
export interface ResolvedConfig extends RunConfig {
  readonly data: RunConfig["data"] & { readonly imageSize: number };
  readonly augmentation: RunConfig["augmentation"] & { readonly flip: boolean };
}
