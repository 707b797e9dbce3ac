import { createEngine } from "@blockwise/engine";
import { describeBackbone } from "@blockwise/testing";
import { myPlugin } from "./my-plugin.js";

// Small sizes: gradients are checked by finite differences.
describeBackbone({
  name: "my-plugin",
  create: myPlugin,
  options: { width: 3, depth: 2, inputChannels: 1 },
  createEngine,
});
