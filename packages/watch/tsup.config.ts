import { copyFileSync } from "node:fs";
import { defineConfig } from "tsup";
import { base } from "../../tsup.config.base.js";

export default defineConfig({
  ...base,
  splitting: true,
  // The page's script runs in browsers as it stands.
  onSuccess: async () => copyFileSync("src/page/live-page.js", "dist/live-page.js"),
});
