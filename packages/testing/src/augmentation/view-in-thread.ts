import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { JsonObject, RawImage, WorkerRecipe } from "@blockwise/spec";
import { ensure } from "../ensure.js";
import type { Draw } from "./recorded-draws.js";

/** A view that a thread is to make. */
export interface ThreadRequest {
  readonly recipe: WorkerRecipe;
  readonly options: JsonObject;
  readonly image: RawImage;
  readonly view: number;
  /** Given to the augmentation one by one; asking for another kind or bound is an error. */
  readonly draws: readonly Draw[];
  /** Values of the view. */
  readonly length: number;
}

/** Makes a view in a worker thread, from an augmentation that the thread makes by the recipe. @throws Error */
export async function viewInThread(request: ThreadRequest): Promise<Float32Array> {
  const { module } = request.recipe;
  const missing = module.startsWith("file:") && !existsSync(fileURLToPath(module));
  ensure(!missing, `the module of the worker recipe, ${module}, is not there: build the package first`);
  // Without the conditions that a test runner resolves packages by: the thread finds what users install.
  const worker = new Worker(script, { eval: true, execArgv: [], workerData: request });
  try {
    return await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("The thread ended without a view.")));
    });
  } finally {
    await worker.terminate();
  }
}

/** Plain JavaScript that Node runs as CommonJS: threads cannot import TypeScript. */
const script = `
const { parentPort, workerData } = require("node:worker_threads");
const { recipe, options, image, view, draws, length } = workerData;
let place = 0;
function draw(kind, bound) {
  const next = draws[place++];
  if (next === undefined || next.kind !== kind || next.bound !== bound) {
    throw new Error("in the thread it draws other random numbers than on the main thread");
  }
  return next.value;
}
const random = {
  uniform: () => draw("uniform", 0),
  integer: (bound) => draw("integer", bound),
  normal: () => draw("normal", 0),
};
import(recipe.module).then(async (module) => {
  const factory = module[recipe.exportName];
  if (typeof factory !== "function") throw new Error(recipe.module + " exports no function " + recipe.exportName);
  const augmentation = await factory(options);
  const out = new Float32Array(length).fill(NaN);
  augmentation.doView({ image, view, random, out });
  parentPort.postMessage(out);
});
`;
