import { createEngine } from "@blockwise/engine";
import { describeHead, describeProjector } from "@blockwise/testing";
import { convolutionExpansion } from "./convolution-expansion.js";
import { globalPool } from "./global-pool.js";
import { localPool } from "./local-pool.js";
import { mlpProjector } from "./mlp-projector.js";

describeHead({ name: "global pooling", create: globalPool, createEngine });

describeHead({
  name: "local pooling",
  create: localPool,
  options: { grid: 2 },
  inputShapes: [[4, 3, 5]],
  createEngine,
});
describeHead({ name: "local pooling of any width", create: localPool, createEngine });

describeHead({
  name: "an expansion by 1 x 1",
  create: convolutionExpansion,
  options: { dim: 6 },
  createEngine,
});
describeHead({
  name: "an expansion by 3 x 3",
  create: convolutionExpansion,
  options: { dim: 6, kernelSize: 3 },
  createEngine,
});
describeHead({
  name: "an expansion that is cut",
  create: convolutionExpansion,
  options: { dim: 6, chunkBytes: 1 },
  createEngine,
});

describeProjector({ name: "an MLP", create: mlpProjector, options: { widths: [6, 5, 3] }, createEngine });
describeProjector({
  name: "a linear map",
  create: mlpProjector,
  options: { widths: [3], initialization: "shared" },
  createEngine,
});
