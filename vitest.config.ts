import { defineConfig } from "vitest/config";

const conditions = ["@blockwise/source"];

/** Tests run from the sources (no build needed): the workspace's own condition leads to `src`. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "apps/*/{src,test}/**/*.test.ts",
      "tools/*/{src,test}/**/*.test.ts",
    ],
    setupFiles: ["packages/testing/src/matchers.ts"],
    // Loading TensorFlow.js for each file costs more than the tests do; the leak matcher keeps files honest.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
