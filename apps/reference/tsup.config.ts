import { defineConfig } from "tsup";
import { base } from "../../tsup.config.base.js";

export default defineConfig({
  ...base,
  entry: { cli: "src/cli.ts", "network-recipe": "src/run/network-recipe.ts" },
});
