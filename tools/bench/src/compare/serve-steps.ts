import { createInterface } from "node:readline";
import type { EngineV1 } from "@blockwise/spec";
import * as tf from "@tensorflow/tfjs-core";
import { timeThreadedRun } from "../block-workers/time-block-workers.js";
import type { Workload } from "../models.js";
import { readResidentMemory } from "../resident-memory.js";
import { prepareSteps, WARM_UP } from "../time-steps.js";
import type { GemmRate, StepsReady, StepTimes } from "./step-protocol.js";

/**
 * Times steps when told so on standard input, as `torch/step.py` does; returns when the input ends.
 *
 * @param blockThreads - threads that the blocks learn in; 0 for this one
 */
export async function serveSteps(workload: Workload, engine: EngineV1, blockThreads: number): Promise<void> {
  if (blockThreads > 0) return serveThreadedSteps(workload, engine, blockThreads);
  const steps = prepareSteps(workload, engine, Number.MAX_SAFE_INTEGER);
  const { nowBytes: beforeBytes } = readResidentMemory();
  for (let step = 0; step < WARM_UP; step++) steps.runStep();
  const { peakBytes } = readResidentMemory();
  say({ description: engine.description, threads: null, memory: { beforeBytes, peakBytes } });
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, count] = line.split(" ");
    if (command === "gemm") say({ gflopsPerSecond: gemmGflops() });
    else say({ stepMs: Array.from({ length: Number(count) }, () => steps.runStep()) });
  }
  steps.dispose();
}

/** The trainer runs blocks in threads: each answer is of a run of its own, whose first steps are not timed. */
async function serveThreadedSteps(workload: Workload, engine: EngineV1, threads: number): Promise<void> {
  const work = { workload, engine, partition: "stages", loaderThreads: null } as const;
  const { nowBytes: beforeBytes } = readResidentMemory();
  await timeThreadedRun({ ...work, steps: WARM_UP + 1 }, threads);
  const { peakBytes } = readResidentMemory();
  const description = `${engine.description}, blocks in ${threads} threads`;
  say({ description, threads, memory: { beforeBytes, peakBytes } });
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, count] = line.split(" ");
    if (command === "gemm") say({ gflopsPerSecond: gemmGflops() });
    else {
      const { pairsPerSecond } = await timeThreadedRun({ ...work, steps: WARM_UP + Number(count) }, threads);
      say({ stepMs: [(workload.batch / pairsPerSecond) * 1000] });
    }
  }
}

function say(answer: GemmRate | StepsReady | StepTimes): void {
  console.log(JSON.stringify(answer));
}

const GEMM_SIZE = 1024;

/** The best of a few, since whatever else runs only slows. */
function gemmGflops(): number {
  const shape: [number, number] = [GEMM_SIZE, GEMM_SIZE];
  const matrices = [tf.randomNormal<tf.Rank.R2>(shape), tf.randomNormal<tf.Rank.R2>(shape)] as const;
  const seconds = Array.from({ length: 6 }, () => {
    const start = performance.now();
    const product = tf.matMul(...matrices);
    // Engines that compute later have to have done so by then.
    const corner = tf.slice(product, [0, 0], [1, 1]);
    corner.dataSync();
    const elapsed = (performance.now() - start) / 1000;
    tf.dispose([product, corner]);
    return elapsed;
  });
  tf.dispose([...matrices]);
  return (2 * GEMM_SIZE ** 3) / Math.min(...seconds) / 1e9;
}
