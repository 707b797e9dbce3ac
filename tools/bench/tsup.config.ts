import { defineConfig } from "tsup";
import { base } from "../../tsup.config.base.js";

export default defineConfig({
  ...base,
  entry: { cli: "src/cli.ts", "bench-network": "src/block-workers/bench-network.ts" },
});
