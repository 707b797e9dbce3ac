import { cpSync } from "node:fs";
import { defineConfig } from "tsup";
import { base } from "../../tsup.config.base.js";

export default defineConfig({
  ...base,
  // Browsers run the page as it stands.
  onSuccess: async () => cpSync("src/page", "dist/page", { recursive: true }),
});
