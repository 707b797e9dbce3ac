import { createEngine } from "@blockwise/engine";
import { describeOptimizer, describeSchedule } from "@blockwise/testing";
import { adamW, constant, lars, sgd, warmupCosine } from "./index.js";

describeOptimizer({ name: "SGD", create: sgd, createEngine });
describeOptimizer({ name: "SGD without momentum", create: sgd, options: { momentum: 0 }, createEngine });
describeOptimizer({
  name: "SGD after Nesterov",
  create: sgd,
  options: { nesterov: true, weightDecay: 0.1, excludeOneDimensional: false },
  createEngine,
});
describeOptimizer({ name: "AdamW", create: adamW, createEngine });
describeOptimizer({ name: "LARS", create: lars, learningRate: 1, createEngine });
describeOptimizer({ name: "LARS with clipping", create: lars, options: { clip: true }, createEngine });

describeSchedule({ name: "warm-up and cosine", create: warmupCosine, options: { baseLearningRate: 0.1 } });
describeSchedule({
  name: "a warm-up of given steps",
  create: warmupCosine,
  options: { baseLearningRate: 0.1, warmupSteps: 3 },
});
describeSchedule({
  name: "a constant rate",
  create: (options?: { readonly learningRate: number }) => constant(options?.learningRate ?? 0.1),
});
