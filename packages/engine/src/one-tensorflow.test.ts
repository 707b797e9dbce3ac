import { createRequire } from "node:module";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createEngine } from "./index.js";

/** What a package gets when it asks for tfjs-core. Backends register with the copy that they find. */
function coreOf(packageName: string): string {
  const here = createRequire(import.meta.url);
  return createRequire(here.resolve(packageName)).resolve("@tensorflow/tfjs-core");
}

test.each(["@tensorflow/tfjs-backend-cpu", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-layers"])(
  "%s uses our copy of tfjs-core",
  (packageName) => {
    expect(coreOf(packageName)).toBe(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core"));
  },
);

test("all copies that engines load share one TensorFlow.js engine", async () => {
  const required = createRequire(import.meta.url)("@tensorflow/tfjs-core") as typeof tf;
  for (const name of ["cpu", "wasm"] as const) {
    await createEngine({ name });
    expect(required.engine()).toBe(tf.engine());
    expect(tf.engine().backendName).toBe(name);
  }
});
