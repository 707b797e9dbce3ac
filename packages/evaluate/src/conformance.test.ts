import { createEngine } from "@blockwise/engine";
import { describeEvaluator } from "@blockwise/testing";
import { kNearestNeighbors, linearProbe } from "./index.js";

describeEvaluator({
  name: "a linear probe",
  create: linearProbe,
  options: { epochs: 5, batchSize: 16 },
  createEngine,
});
describeEvaluator({ name: "nearest neighbours", create: kNearestNeighbors, options: { k: 5 }, createEngine });
