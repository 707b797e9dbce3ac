import type { JsonObject } from "@blockwise/spec";
import { messageOf } from "../checkpoint/checkpoint-folder.js";
import type { BlockLearner } from "../learner/block-learner.js";
import type { StepPlan } from "../timetable/turns-at.js";
import { decodeFrozenStep, encodeFrozenStep, type FrozenStep } from "./frozen-file.js";
import { FrozenFolder } from "./frozen-folder.js";
import { frozenKey } from "./frozen-key.js";
import { describeBytes, stepBytesOf } from "./frozen-sizes.js";

/** Where and up to which size a sequential run keeps what frozen blocks hand on. */
export interface FrozenOutputsOptions {
  /** The folder to keep them in, which is made where it is missing. */
  readonly directory: string;
  /** The most bytes that files may take; blocks that would not fit are computed anew. */
  readonly budgetBytes: number;
}

/** What came of it. */
export interface FrozenOutputsCounts {
  /** Steps read instead of computed, and steps written. */
  readonly read: number;
  /** Steps written to files. */
  readonly written: number;
  /** Files that were there and could not be trusted. */
  readonly damaged: number;
  /** Steps that should have been there and had to be computed. */
  readonly missing: number;
}

/** What a step begins from. */
export interface FrozenInputs extends FrozenStep {
  /** The block that takes it. */
  readonly firstBlock: number;
}

/** What the cache must know of a run. */
export interface FrozenOutputsRun {
  readonly configuration: JsonObject;
  readonly learners: readonly BlockLearner[];
  readonly stepsPerPhase: number;
  readonly batchSize: number;
  readonly views: number;
  readonly labels: boolean;
  /** Tells people something once. */
  readonly note: (message: string) => Promise<void>;
}

/** Left on the disk for checkpoints and logs. */
const reserveBytes = 2 ** 28;

/**
 * Keeps what frozen blocks hand on in a sequential run, so that later phases need not compute it again. In phase `p`, block
 * `p - 1` is frozen for the first time: what it hands on in each step is written, over what an earlier block handed on in
 * that step. Phase `p + 1` reads it back, since all phases go through the same views with the same noise.
 *
 * What cannot be read is computed again, what cannot be written is not kept: it changes no number and ends no run.
 */
export class FrozenOutputs {
  readonly #folder: FrozenFolder;
  readonly #budgetBytes: number;
  readonly #run: FrozenOutputsRun;
  /** Blocks whose outputs are worth keeping and fit. */
  readonly #kept = new Set<number>();
  readonly #opened = new Set<number>();
  readonly #keys = new Map<number, string>();
  #counts = { read: 0, written: 0, damaged: 0, missing: 0 };
  #waitMs = 0;

  constructor({ directory, budgetBytes }: FrozenOutputsOptions, run: FrozenOutputsRun) {
    this.#folder = new FrozenFolder(directory);
    this.#budgetBytes = budgetBytes;
    this.#run = run;
  }

  get counts(): FrozenOutputsCounts {
    return this.#counts;
  }

  /** Milliseconds spent on reading and writing. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** Decides what is kept, and says what is not. A run that starts anew trusts nothing that lies there. */
  async begin(startStep: number): Promise<void> {
    const { learners } = this.#run;
    if (startStep === 0) await this.clear();
    const tooLarge: string[] = [];
    // The last two blocks' outputs are needed in no later phase.
    for (const { definition } of learners.slice(0, -2)) {
      const bytes = this.#setBytes(definition.index);
      if (bytes <= this.#budgetBytes) this.#kept.add(definition.index);
      else tooLarge.push(`${definition.id} ${describeBytes(bytes)}`);
    }
    if (tooLarge.length === 0) return;
    await this.#run.note(
      `What these blocks hand on does not fit into the ${describeBytes(this.#budgetBytes)} for frozen outputs and is computed again in each phase: ${tooLarge.join(", ")}.`,
    );
  }

  /** What the nearest frozen block before the one that learns handed on in that step; null where it has to be computed. */
  async read({ phase, dataStep }: StepPlan): Promise<FrozenInputs | null> {
    const start = performance.now();
    try {
      for (let block = phase - 1; block >= 0; block--) {
        const step = this.#kept.has(block) ? await this.#readStep(block, dataStep) : null;
        if (step === null) continue;
        this.#counts.read += 1;
        return { ...step, firstBlock: block + 1 };
      }
      if ([...this.#kept].some((block) => block < phase - 1)) this.#counts.missing += 1;
      return null;
    } finally {
      this.#waitMs += performance.now() - start;
    }
  }

  /** The frozen block whose outputs of that step are to be kept; null for none. */
  wanted({ phase }: StepPlan): number | null {
    return this.#kept.has(phase - 1) ? phase - 1 : null;
  }

  /** Writes what the wanted block handed on, in place of what earlier blocks handed on in that step. */
  async store(
    { phase, dataStep: step }: StepPlan,
    { outputs, labels }: Pick<FrozenStep, "labels" | "outputs">,
  ): Promise<void> {
    const block = phase - 1;
    if (!this.#kept.has(block)) return;
    const start = performance.now();
    try {
      if (!(await this.#open(block))) return;
      const place = { key: this.#key(block), block, step };
      const bytes = encodeFrozenStep(place, { outputs, shape: this.#shape(block), labels });
      await this.#folder.write(block, step, bytes);
      this.#counts.written += 1;
      for (const earlier of this.#kept) if (earlier < block) await this.#folder.removeStep(earlier, step);
    } catch (cause) {
      await this.#giveUp(block, `${this.#folder.path} cannot be written (${messageOf(cause)})`);
    } finally {
      this.#waitMs += performance.now() - start;
    }
  }

  /** Removes everything that was kept. */
  async clear(): Promise<void> {
    await this.#folder
      .removeAll(this.#run.learners.length)
      .catch((cause: unknown) =>
        this.#run.note(`Frozen outputs in ${this.#folder.path} cannot be removed (${messageOf(cause)}).`),
      );
  }

  async #readStep(block: number, step: number): Promise<FrozenStep | null> {
    const { views, labels } = this.#run;
    try {
      const bytes = await this.#folder.read(block, step);
      if (bytes === null) return null;
      const place = { key: this.#key(block), block, step };
      const found = decodeFrozenStep(bytes, place, { views, shape: this.#shape(block), labels });
      if (found !== null) return found;
    } catch {
      // Whatever keeps it from being read: it is computed again.
    }
    this.#counts.damaged += 1;
    await this.#folder.removeStep(block, step).catch(() => undefined);
    return null;
  }

  /** Makes a block's folder, once, if the disk has room for all its steps. */
  async #open(block: number): Promise<boolean> {
    if (this.#opened.has(block)) return true;
    await this.#folder.makeBlock(block);
    let room = await this.#folder.freeBytes();
    // Each step takes the place of one that is there already.
    for (const held of this.#kept) {
      if (held <= block) room += (await this.#folder.count(held)) * this.#stepBytes(held);
    }
    const needed = this.#setBytes(block);
    if (needed + reserveBytes > room) {
      await this.#giveUp(block, `the disk has no room for the ${describeBytes(needed)}`);
      return false;
    }
    this.#opened.add(block);
    return true;
  }

  /** Keeps nothing of a block and of all after it: their outputs are computed again. */
  async #giveUp(block: number, reason: string): Promise<void> {
    const { learners, note } = this.#run;
    for (const kept of [...this.#kept]) if (kept >= block) this.#kept.delete(kept);
    // What it took is given back: checkpoints need the room.
    await this.#folder.removeBlock(block).catch(() => undefined);
    await note(
      `From block ${learners[block]?.definition.id} on, frozen outputs are computed again in each phase: ${reason}.`,
    );
  }

  /** A frozen block's state no longer changes, so neither does its key. */
  #key(block: number): string {
    const known = this.#keys.get(block);
    if (known !== undefined) return known;
    const key = frozenKey(this.#run.configuration, this.#run.learners.slice(0, block + 1));
    this.#keys.set(block, key);
    return key;
  }

  #shape(block: number): readonly number[] {
    return [this.#run.batchSize, ...(this.#run.learners[block]?.definition.outputShape ?? [])];
  }

  #stepBytes(block: number): number {
    return stepBytesOf(this.#shape(block), this.#run);
  }

  #setBytes(block: number): number {
    return this.#run.stepsPerPhase * this.#stepBytes(block);
  }
}
