#!/usr/bin/env node
import { BlockwiseError } from "@blockwise/spec";
import { Command, CommanderError } from "commander";
import { addDemoCommand } from "./commands/demo.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addEngineCommand } from "./commands/engine.js";
import { addEvaluateCommand } from "./commands/evaluate.js";
import { addExportCommand } from "./commands/export.js";
import { addFeaturesCommand } from "./commands/features.js";
import { addHeadlineCommand } from "./commands/headline.js";
import { addImportCommand } from "./commands/import.js";
import { addPlanCommand } from "./commands/plan.js";
import { addSweepCommand } from "./commands/sweep.js";
import { addTrainCommand } from "./commands/train.js";
import { addWatchCommand } from "./commands/watch.js";
import { CommandFailure } from "./experiment/run-variant.js";

/** Exit code for a command that was given wrong. */
const misuseExitCode = 2;

/** Exit code of a program that nobody reads any more, by convention. */
const brokenPipeExitCode = 141;

const program = new Command("blockwise")
  .description("Train deep networks block by block, without end-to-end backpropagation.")
  .showHelpAfterError("(--help lists the options)")
  .exitOverride();
addHeadlineCommand(program);
addTrainCommand(program);
addSweepCommand(program);
addWatchCommand(program);
addEvaluateCommand(program);
addExportCommand(program);
addFeaturesCommand(program);
addDemoCommand(program);
addImportCommand(program);
addPlanCommand(program);
addDoctorCommand(program);
addEngineCommand(program);

// Whoever reads the output may stop before its end, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(brokenPipeExitCode);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // It has said what is wrong itself, or shown the help that was asked for.
    process.exitCode = error.exitCode === 0 ? 0 : misuseExitCode;
  } else if (error instanceof CommandFailure) {
    console.error(error.message);
    process.exitCode = error.exitCode;
  } else if (BlockwiseError.isInstance(error)) {
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = error.code === "BLOCKWISE_INVALID_OPTION" ? misuseExitCode : 1;
  } else {
    // Thrown on, it would reach a handler of the wasm backend's, which hides where it comes from.
    console.error("Something failed that should not have; please report it:");
    console.error(error);
    process.exitCode = 1;
  }
}
