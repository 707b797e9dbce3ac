import { interruptedExitCode } from "../commands/interruption.js";
import { readJsonIfThere, runFolder } from "../run/run-folder.js";
import type { TrainingRecord } from "../run/train-run.js";
import { isScored } from "./is-scored.js";
import type { CommandEnd } from "./run-command.js";

/** A network of an experiment: its configuration stands in its folder already. */
export interface Variant {
  readonly name: string;
  readonly folder: string;
  /** False for one that stays at its random weights. */
  readonly trained: boolean;
}

/** Trains and probes one network by commands of this program, as far as that is not done yet. @throws CommandFailure */
export async function runVariant(
  { name, folder, trained }: Variant,
  run: (words: readonly string[]) => Promise<CommandEnd>,
): Promise<void> {
  const files = runFolder(folder);
  if (trained) {
    const training = await readJsonIfThere<TrainingRecord>(files.training);
    if (training?.complete !== true) {
      const end = await run(["train", "--resume", "--out", folder]);
      if (end.exitCode === interruptedExitCode) return;
      requireSuccess(end, `training ${name}`);
    }
  }
  if (await isScored(folder)) return;
  const end = await run(["evaluate", folder]);
  if (end.exitCode === interruptedExitCode) return;
  requireSuccess(end, `probing ${name}`);
}

function requireSuccess({ exitCode, errors }: CommandEnd, task: string): void {
  if (exitCode === 0) return;
  throw new CommandFailure(`${task} failed with exit code ${exitCode}:\n${errors.trim()}`, exitCode);
}

/** A command of this program failed and has said why. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}
