import { type AugmentationV1, InvalidOptionError, ShapeMismatchError } from "@blockwise/spec";
import { requireBatchWorkers } from "../batch-workers/require-batch-workers.js";
import type { NetworkRecipe } from "../block-workers/block-workers-options.js";
import { requirePlugin } from "../wiring/require-plugin.js";
import type { TrainerOptions } from "./trainer.js";

/**
 * Checks a run's own options, before anything is made from them.
 *
 * @throws IncompatibleSpecVersionError, InvalidOptionError, ShapeMismatchError
 */
export function checkTrainerOptions(options: TrainerOptions): void {
  const { maxSteps = null, checkpoints = null } = options;
  requirePlugin(options.schedule, "schedule");
  requirePlugin(options.source, "data-source");
  requirePlugin(options.augmentation, "augmentation");
  requirePlugin(options.backbone, "backbone");
  for (const callback of options.callbacks ?? []) requirePlugin(callback, "callback");
  requireCount("batchSize", options.batchSize);
  requireCount("epochs", options.epochs);
  if (maxSteps !== null) requireCount("maxSteps", maxSteps);
  if (checkpoints !== null) {
    requireCount("checkpoints.everySteps", checkpoints.everySteps ?? 1);
    requireCount("checkpoints.keep", checkpoints.keep ?? 1);
  }
  if (options.frozenOutputs != null)
    requireCount("frozenOutputs.budgetBytes", options.frozenOutputs.budgetBytes);
  if (options.blockWorkers != null) {
    requireCount("blockWorkers.engineThreads", options.blockWorkers.engineThreads ?? 1);
    requireRecipe("blockWorkers", options.blockWorkers.recipe);
  }
  if (options.batchWorkers != null) {
    requireBatchWorkers(options.batchWorkers, options);
    requireCount("batchWorkers.engineThreads", options.batchWorkers.engineThreads ?? 1);
    requireRecipe("batchWorkers", options.batchWorkers.recipe);
  }
  requireViewsFit(options);
}

function requireRecipe(owner: string, recipe: NetworkRecipe): void {
  const { module, exportName } = { ...recipe };
  if (typeof module === "string" && typeof exportName === "string") return;
  throw new InvalidOptionError({
    option: `${owner}.recipe`,
    expected: "a module and an export, by name, from which threads make the network's plugins",
    received: recipe,
  });
}

/** @throws InvalidOptionError unless the augmentation makes as many views as the loss compares. */
export function requireViewCount(wanted: number, augmentation: AugmentationV1): void {
  if (augmentation.views === wanted) return;
  throw new InvalidOptionError({
    option: "augmentation",
    expected: `one that makes ${wanted} views, as the loss compares`,
    received: `${augmentation.id} with ${augmentation.views}`,
  });
}

function requireCount(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new InvalidOptionError({ option, expected: "a whole number above 0", received: value });
}

function requireViewsFit({ augmentation, backbone, source }: TrainerOptions): void {
  const { height, width, channels } = augmentation.shape;
  if (channels !== backbone.inputChannels) {
    throw new ShapeMismatchError({
      subject: `Views of "${augmentation.id}"`,
      expected: `[height, width, ${backbone.inputChannels}], as the backbone takes them`,
      received: [height, width, channels],
      hint: "Give the backbone inputChannels and the augmentation channels of the same number.",
    });
  }
  if (source.size === 0) {
    throw new InvalidOptionError({
      option: "source",
      expected: "at least one image",
      received: source.description,
    });
  }
}
