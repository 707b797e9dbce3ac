import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type BlockwiseError, DataSourceError, type DataSourceV1, InvalidOptionError } from "@blockwise/spec";
import type { BatchProducer } from "./batch-producer.js";
import type { InputTally } from "./input-tally.js";
import { sampleError } from "./sample-error.js";
import { callOff, freeSlot, isFilled, makeSlotStates, notedSample, type SlotStates } from "./slot-states.js";
import type { EpochRequest, WorkerReport, WorkerSetup } from "./worker-protocol.js";

// Threads cannot run TypeScript: from the sources, they take the built worker, and leave out the resolve conditions
// that lead to the sources.
const isSource = import.meta.url.endsWith(".ts");
const workerEntry = new URL(isSource ? "../dist/worker.js" : "./worker.js", import.meta.url);
// Flags of Node that are for a whole process are refused where they are passed on, and taken over where they are not.
const nodeFlags = isSource ? { execArgv: [] } : {};

/** Makes batches in worker threads, which run ahead by themselves as far as there are slots. */
export function makeWorkerProducer(
  source: DataSourceV1,
  setup: Omit<WorkerSetup, "worker">,
  workerCount: number,
  tally: InputTally,
): BatchProducer {
  let states: SlotStates | null = null;
  let busy = 0;
  let failure: BlockwiseError | null = null;
  let closed = false;
  let wake = (): void => {};

  const fail = (error: BlockwiseError): void => {
    if (closed) return;
    failure ??= error;
    if (states !== null) callOff(states);
    wake();
  };
  /** Threads that never say that they are idle any more. */
  const gone = new Set<number>();
  const hear = (worker: number, message: WorkerReport): void => {
    if (message.type === "idle") busy--;
    if (message.type === "sample-failed") {
      fail(sampleError(source, message.sample, message.view, message.error.message, message.error));
    }
    if (message.type === "filled") tally.addMade(message.images, message.busyMs);
    if (message.type === "broken") {
      const error = tally.addBroken(message.image);
      if (error !== null) fail(error);
    }
    if (message.type === "source-failed") fail(new DataSourceError(message.message, message));
    if (message.type === "setup-failed") {
      gone.add(worker);
      fail(setupError(setup, message.part, message.error));
    }
    wake();
  };
  const start = (worker: number): Worker => {
    const thread = new Worker(workerEntry, {
      ...nodeFlags,
      workerData: { ...setup, worker } satisfies WorkerSetup,
    });
    thread.on("message", (message: WorkerReport) => hear(worker, message));
    thread.on("error", (error) => fail(deathError(source, states, worker, error)));
    thread.on("exit", () => {
      gone.add(worker);
      fail(deathError(source, states, worker, undefined));
    });
    // A loader that nobody waits for holds no process back.
    thread.unref();
    return thread;
  };
  const threads = Array.from({ length: workerCount }, (_, worker) => start(worker));

  /** Waits until `isDone`, or until a worker fails. */
  const wait = async (isDone: () => boolean): Promise<void> => {
    for (const thread of threads) thread.ref();
    while (!isDone() && failure === null && !closed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    for (const thread of threads) thread.unref();
  };

  return {
    begin: (plan) => {
      if (failure !== null) throw failure;
      states = makeSlotStates(plan, setup.ring.slots.length, workerCount);
      busy = workerCount;
      for (const thread of threads) thread.postMessage({ plan, states } satisfies EpochRequest);
    },
    produce: async (batch) => {
      const current = states;
      if (current === null) return;
      await wait(() => isFilled(current, batch));
      if (failure !== null) throw failure;
    },
    release: (batch) => {
      if (states !== null) freeSlot(states, batch);
    },
    end: async () => {
      if (states !== null) callOff(states);
      await wait(() => busy === 0);
      states = null;
    },
    failure: () => failure,
    close: async () => {
      closed = true;
      if (states !== null) callOff(states);
      wake();
      // A thread is not ended in the middle of a native decoder if it can be helped.
      if (setup.store.kind === "stored") await settle(() => busy <= gone.size, 5000);
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}

/** Waits until `isDone`, or for so many milliseconds. */
async function settle(isDone: () => boolean, milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!isDone() && performance.now() < end) await setTimeout(5);
}

function setupError(
  { recipe, store }: Omit<WorkerSetup, "worker">,
  part: "augmentation" | "reader",
  cause: Error,
): BlockwiseError {
  if (part === "reader" && store.kind === "stored") {
    const { module, exportName } = store.readerRecipe;
    return new InvalidOptionError(
      {
        option: "source.store.readerRecipe",
        expected: "a module and an export from which threads make what reads images",
        received: { module, exportName },
        hint: `${cause.message}.`,
      },
      { cause },
    );
  }
  return new InvalidOptionError(
    {
      option: "augmentation.workerRecipe",
      expected: "a module and an export from which threads make the augmentation",
      received: { module: recipe.module, exportName: recipe.exportName },
      hint: `${cause.message}. With \`workers: 0\` the main thread makes the views.`,
    },
    { cause },
  );
}

function deathError(
  source: DataSourceV1,
  states: SlotStates | null,
  worker: number,
  cause: unknown,
): BlockwiseError {
  const sample = states === null ? undefined : notedSample(states, worker);
  const place = sample === undefined ? "before its first sample" : `at sample ${sample} of "${source.id}"`;
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new DataSourceError(
    `Loader worker ${worker} ended ${place}${reason}`,
    { source: source.id },
    { cause },
  );
}
