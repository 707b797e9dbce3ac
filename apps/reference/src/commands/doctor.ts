import { inspectEngines } from "@blockwise/engine";
import type { Command } from "commander";

/** `blockwise doctor`: says which engines are there. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("Say which engines are there, which is picked, and how to get a faster one.")
    .option("--json", "one JSON object on standard output")
    .action(async ({ json }: { readonly json?: true }) => {
      const report = await inspectEngines();
      console.log(json ? JSON.stringify(report, null, 2) : JSON.stringify(report, null, 2));
    });
}
