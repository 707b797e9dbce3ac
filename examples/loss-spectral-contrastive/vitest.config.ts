import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    setupFiles: ["@blockwise/testing/matchers"],
    testTimeout: 60_000,
  },
});
