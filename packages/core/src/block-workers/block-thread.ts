import { type ResourceLimits, Worker } from "node:worker_threads";
import { BlockWorkerError, InvalidOptionError } from "@blockwise/spec";
import {
  type BlockWorkerData,
  type BlockWorkerOrder,
  type BlockWorkerReport,
  notedWork,
  type StepDone,
} from "./block-worker-protocol.js";
import type { PackedBlock } from "./packed-block.js";

// Threads cannot run TypeScript: from the sources, they take the built worker, and leave out the resolve conditions
// that lead to the sources.
const isSource = import.meta.url.endsWith(".ts");
const workerEntry = new URL(isSource ? "../../dist/block-worker.js" : "./block-worker.js", import.meta.url);
// Flags of Node that are for a whole process are refused where they are passed on, and taken over where they are not.
const nodeFlags = isSource ? { execArgv: [] } : {};

/** A thread that some blocks learn in, as the trainer sees it. What it says is kept in the order it came. */
export class BlockThread {
  readonly data: BlockWorkerData;
  readonly stepped: StepDone[] = [];
  readonly snapshots: (readonly PackedBlock[])[] = [];
  /** What its plugins are; null until it can begin. */
  learning: Extract<BlockWorkerReport, { readonly type: "ready" }>["learning"] | null = null;
  /** Steps that it was told to do and has not done. */
  pending = 0;
  /** Since when it has had nothing to do, by `performance.now()`. */
  idleSince = 0;
  busyMs = 0;
  readonly #thread: Worker;
  readonly #ids: readonly string[];

  /**
   * @param run.blockIds Of the whole network.
   * @param run.onNews Called whenever it has said something.
   * @param run.onFailure Called when it has ended, or cannot go on.
   */
  constructor(
    data: BlockWorkerData,
    run: {
      readonly blockIds: readonly string[];
      readonly resourceLimits: ResourceLimits | undefined;
      readonly onNews: () => void;
      readonly onFailure: (error: BlockWorkerError | InvalidOptionError) => void;
    },
  ) {
    const { blockIds, resourceLimits, onNews, onFailure } = run;
    this.data = data;
    this.#ids = blockIds;
    this.#thread = new Worker(workerEntry, {
      ...nodeFlags,
      workerData: data,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    this.#thread.on("message", (message: BlockWorkerReport) => {
      if (message.type === "setup-failed") onFailure(this.#setupError(message.error));
      else if (message.type === "failed") onFailure(this.#deathError(message.error));
      else this.#hear(message);
      onNews();
    });
    this.#thread.on("error", (error) => onFailure(this.#deathError(error)));
    this.#thread.on("exit", (code) => onFailure(this.#deathError(new Error(`it ended with code ${code}`))));
  }

  /** The ids of its blocks. */
  get blocks(): readonly string[] {
    return this.data.blocks.map((block) => this.#ids[block] ?? "");
  }

  post(order: BlockWorkerOrder, transferred: readonly ArrayBuffer[] = []): void {
    if (order.type === "step") this.pending += 1;
    this.#thread.postMessage(order, transferred);
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  #hear(message: Exclude<BlockWorkerReport, { readonly type: "failed" | "setup-failed" }>): void {
    switch (message.type) {
      case "ready":
        this.learning = message.learning;
        this.idleSince = performance.now();
        return;
      case "stepped":
        this.pending -= 1;
        this.idleSince = performance.now();
        this.busyMs += message.busyMs;
        this.stepped.push(message);
        return;
      case "snapshot":
        this.snapshots.push(message.blocks);
        return;
      case "taken":
        return;
    }
  }

  #setupError(cause: Error): InvalidOptionError {
    const { module, exportName } = this.data.recipe;
    return new InvalidOptionError(
      {
        option: `${this.data.option}.recipe`,
        expected: "a module and an export from which threads make the network's plugins",
        received: { module, exportName },
        hint: `${cause.message}. Without ${this.data.option}, blocks learn in the trainer's own thread.`,
      },
      { cause },
    );
  }

  #deathError(cause: Error): BlockWorkerError {
    const { worker, work } = this.data;
    const { block, step } = notedWork(work);
    const id = block === null ? null : (this.#ids[block] ?? null);
    const place = id === null ? "while it waited" : `at step ${step} in block ${id}`;
    return new BlockWorkerError(
      `Block worker ${worker} (${this.blocks.join(", ")}) ended ${place}: ${cause.message}. ` +
        "What was saved before is whole: put that right and resume.",
      { worker, blocks: this.blocks, block: id, step: id === null ? null : step },
      { cause },
    );
  }
}
