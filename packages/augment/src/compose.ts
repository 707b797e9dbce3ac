import { fold, generator } from "@blockwise/random";
import {
  type AugmentationV1,
  InvalidOptionError,
  type JsonObject,
  type RandomGenerator,
  type RawImage,
  ShapeMismatchError,
  type ViewShape,
  type WorkerRecipe,
} from "@blockwise/spec";
import { makeNormalize, type Normalization } from "./normalization.js";
import type { ImageOperation } from "./operations/image-operation.js";

/** Options of {@link compose}. */
export interface ComposeOptions {
  /** The augmentation's name. */
  readonly id: string;
  /** The options that `recipe` takes to make the same augmentation again; written into results. */
  readonly options: JsonObject;
  /** For each view, its operations in order; the last one's images have the shape `shape`. */
  readonly views: readonly (readonly ImageOperation[])[];
  /** The shape that all views have in the end. */
  readonly shape: ViewShape;
  /** Applied last to each view. */
  readonly normalization: Normalization;
  /** Where worker threads find the function that makes this augmentation from `options`. */
  readonly recipe?: WorkerRecipe;
}

/**
 * An augmentation that runs each view through a list of operations and normalises it.
 *
 * Each operation has random numbers of its own: the view's generator gives one 64-bit key, from which a key is folded
 * for each operation by its name and by how many of the same name come before it. So adding, removing or reordering
 * operations leaves the draws of the others as they were, and an operation may draw as often as it likes.
 *
 * @throws InvalidOptionError for an augmentation without views.
 * @example
 * const augmentation = compose({
 *   id: "flipped",
 *   options: {},
 *   views: [[horizontalFlip({ probability: 1 })]],
 *   shape: { height: 32, width: 32, channels: 3 },
 *   normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
 * });
 */
export function compose({
  id,
  options,
  views,
  shape,
  normalization,
  recipe,
}: ComposeOptions): AugmentationV1 {
  if (views.length === 0) {
    throw new InvalidOptionError({
      option: "views",
      expected: "at least one list of operations",
      received: views,
    });
  }
  const normalize = makeNormalize(normalization, shape.channels);
  const pipelines = views.map(nameStreams);
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id,
    options,
    views: views.length,
    shape,
    ...(recipe === undefined ? {} : { workerRecipe: recipe }),
    doView: ({ image, view, random, out }) => {
      const pipeline = pipelines[view];
      if (pipeline === undefined) {
        const expected = `an integer from 0 to ${views.length - 1}`;
        throw new InvalidOptionError({ option: "view", expected, received: view });
      }
      checkImage(id, image, shape.channels);
      const result = applyAll(pipeline, image, random);
      checkResult(id, result, shape, out);
      normalize(result.data, out);
    },
  };
}

interface NamedOperation {
  readonly operation: ImageOperation;
  /** How many operations of the same name come before. */
  readonly occurrence: number;
}

function nameStreams(operations: readonly ImageOperation[]): readonly NamedOperation[] {
  return operations.map((operation, place) => ({
    operation,
    occurrence: operations.slice(0, place).filter(({ id }) => id === operation.id).length,
  }));
}

function applyAll(pipeline: readonly NamedOperation[], image: RawImage, random: RandomGenerator): RawImage {
  const key = { high: random.integer(2 ** 32), low: random.integer(2 ** 32) };
  let current = image;
  for (const { operation, occurrence } of pipeline) {
    current = operation.apply(current, generator(fold(key, operation.id, occurrence)));
  }
  return current;
}

function checkImage(id: string, { height, width, channels, data }: RawImage, expected: number): void {
  const whole = height >= 1 && width >= 1 && data.length === height * width * channels;
  if (whole && channels === expected) return;
  throw new ShapeMismatchError({
    subject: `Augmentation "${id}": the image`,
    expected: `[height, width, ${expected}] with at least one pixel and as many bytes`,
    received: [height, width, channels],
    hint:
      channels === expected
        ? `It has ${data.length} bytes.`
        : `Make the augmentation with \`channels: ${channels}\`, or convert the images.`,
  });
}

function checkResult(id: string, result: RawImage, shape: ViewShape, out: Float32Array): void {
  const { height, width, channels } = shape;
  if (result.height !== height || result.width !== width || result.channels !== channels) {
    throw new ShapeMismatchError({
      subject: `Augmentation "${id}": the view after the last operation`,
      expected: `[${height}, ${width}, ${channels}]`,
      received: [result.height, result.width, result.channels],
      hint: "Begin with an operation that crops or resizes to the shape.",
    });
  }
  if (out.length !== height * width * channels) {
    throw new ShapeMismatchError({
      subject: `Augmentation "${id}": the place for the view`,
      expected: `[${height * width * channels}]`,
      received: [out.length],
    });
  }
}
