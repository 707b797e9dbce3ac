import { fold, generator } from "@blockwise/random";
import {
  type AugmentationV1,
  InvalidOptionError,
  type JsonObject,
  type JsonValue,
  type WorkerRecipe,
} from "@blockwise/spec";
import { type CorruptionOptions, corruption, type ImageCorruption } from "./corruption.js";
import { makeViewBytes } from "./view-bytes.js";

/** Options of {@link corruptedView}. */
export interface CorruptedViewOptions extends CorruptionOptions {
  /** What to corrupt: an augmentation of one view whose `options` state the `mean` and `std` it normalises by. */
  readonly view: AugmentationV1;
}

/** The options that threads make the same view from: plain JSON, as `corruptedView(...).options`. */
export interface CorruptedViewRecipe extends CorruptionOptions {
  /** The view that is corrupted: where threads find the function that makes it, and its options. */
  readonly view: { readonly recipe: WorkerRecipe; readonly options: JsonObject };
}

/**
 * Another augmentation's view, corrupted: its normalisation is undone, the bytes are corrupted, and the same
 * normalisation is done again. So images are resized and cropped first, as for the published benchmarks.
 *
 * The corruption's random numbers are folded from the view's generator by the corruption's name: all severities of one
 * corruption draw the same numbers, so that they differ by their strength alone.
 *
 * @throws InvalidOptionError for an unknown corruption, severity or scale, and a view that is not one or does not state
 *   its normalisation; `doView` throws it where the view's values are no bytes under that normalisation.
 * @example
 * const view = evaluationView({ size: 32 });
 * const foggy = corruptedView({ view, corruption: "fog", severity: 3, scale: "cifar" });
 */
export function corruptedView(options: CorruptedViewOptions): AugmentationV1 {
  const { view, corruption: name, severity, scale } = options;
  const operation = corruption({ corruption: name, severity, scale });
  checkView(view);
  const { workerRecipe } = view;
  return {
    specificationVersion: "v1",
    kind: "augmentation",
    id: "corrupted-view",
    options: {
      corruption: name,
      severity,
      scale,
      view: {
        id: view.id,
        options: view.options,
        ...(workerRecipe === undefined ? {} : { recipe: { ...workerRecipe } }),
      },
    },
    views: 1,
    shape: view.shape,
    ...(workerRecipe === undefined ? {} : { workerRecipe: ownRecipe() }),
    doView: makeDoView(view, operation),
  };
}

/**
 * Makes a corrupted view again from the options of one, as worker threads do: it imports the module of the view below.
 *
 * @throws InvalidOptionError as {@link corruptedView}, and for a module that has no such export.
 */
export async function corruptedViewFromRecipe(options: CorruptedViewRecipe): Promise<AugmentationV1> {
  const { recipe, options: viewOptions } = options.view;
  const make: unknown = (await import(recipe.module))[recipe.exportName];
  if (typeof make !== "function") {
    throw new InvalidOptionError({
      option: "view.recipe",
      expected: "a module and an export that makes the view",
      received: { ...recipe },
    });
  }
  return corruptedView({ ...options, view: await make(viewOptions) });
}

function makeDoView(view: AugmentationV1, operation: ImageCorruption): AugmentationV1["doView"] {
  const bytes = makeViewBytes(view.shape, statedNormalization(view));
  return ({ image, view: index, random, out }) => {
    const key = { high: random.integer(2 ** 32), low: random.integer(2 ** 32) };
    view.doView({ image, view: index, random: generator(fold(key, "view")), out });
    bytes.write(operation.apply(bytes.read(out), generator(fold(key, operation.id))), out);
  };
}

function checkView({ id, views, shape }: AugmentationV1): void {
  if (views === 1 && (shape.channels === 1 || shape.channels === 3)) return;
  throw new InvalidOptionError({
    option: "view",
    expected: "an augmentation that makes one grey or coloured view of each image",
    received: `${id} with ${views} of ${shape.channels} channels`,
  });
}

function statedNormalization(view: AugmentationV1): {
  readonly mean: readonly number[];
  readonly std: readonly number[];
} {
  const { mean, std } = view.options;
  const { channels } = view.shape;
  if (isNumbers(mean, channels) && isNumbers(std, channels)) return { mean, std };
  throw new InvalidOptionError({
    option: "view.options",
    expected: `with "mean" and "std" of ${channels} numbers, by which the view is normalised`,
    received: view.options,
  });
}

function isNumbers(value: JsonValue | undefined, count: number): value is readonly number[] {
  return Array.isArray(value) && value.length === count && value.every((one) => typeof one === "number");
}

function ownRecipe(): WorkerRecipe {
  // Threads cannot import TypeScript: when this runs from the sources, they take the built package beside them.
  const isSource = import.meta.url.endsWith(".ts");
  const module = new URL(isSource ? "../dist/index.js" : "./index.js", import.meta.url);
  return { module: module.href, exportName: "corruptedViewFromRecipe" };
}
