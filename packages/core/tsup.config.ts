import { defineConfig } from "tsup";
import { base } from "../../tsup.config.base.js";

export default defineConfig({
  ...base,
  entry: { index: "src/index.ts", "block-worker": "src/block-workers/block-worker.ts" },
  splitting: true,
});
