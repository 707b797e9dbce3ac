import type { Command } from "commander";
import { loadConfig } from "../config/load-config.js";
import type { ImageFlags } from "../plan/assume-images.js";
import { formatPlan } from "../plan/format-plan.js";
import { createReporter } from "../progress/reporter.js";
import {
  addConfigArgument,
  addConfigOptions,
  addOutputOptions,
  type ConfigFlags,
  configRequest,
  type OutputFlags,
  reporterMode,
  wholeNumber,
  withConfigFile,
} from "./common-options.js";

interface PlanFlags extends ConfigFlags, ImageFlags, OutputFlags {}

/** `blockwise plan`: says what a run will cost. */
export function addPlanCommand(program: Command): void {
  const command = program
    .command("plan")
    .description("Say what a run will cost, without training and without its images: memory, work and time.")
    .option("--partition <blocks>", "stages, end-to-end, units, or a number of blocks")
    .option("--images <count>", "take so many images to train on", wholeNumber("images"))
    .option("--classes <count>", "take so many classes", wholeNumber("classes"));
  addConfigArgument(addConfigOptions(addOutputOptions(command))).action(
    (file: string | undefined, flags: PlanFlags) => plan(withConfigFile(file, flags)),
  );
}

async function plan(flags: PlanFlags): Promise<void> {
  const reporter = createReporter(reporterMode(flags));
  const note = (message: string): void => reporter.report({ event: "note", message });
  const config = await loadConfig(configRequest(flags));
  // What takes a second to load waits until the options are known to be right.
  const { makePlan } = await import("../plan/make-plan.js");
  const record = await makePlan(config, flags, note);
  reporter.end();
  console.log(flags.json ? JSON.stringify({ event: "result", ...record }) : formatPlan(record));
}
