import { type Command, Option } from "commander";
import { requireRun } from "../run/run-folder.js";
import type { WeightsLayout } from "../weights/export-safetensors.js";
import { addOutputOptions, type OutputFlags } from "./common-options.js";
import { requireOutputFile } from "./output-file.js";

interface ExportFlags extends OutputFlags {
  readonly out: string;
  readonly layout: WeightsLayout;
}

/** `blockwise export`: writes a trained network for other programs. */
export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("Write a run's network for other programs: .safetensors for PyTorch.")
    .argument("<run>", "folder of a trained run")
    .requiredOption("--out <file>", "the file to write, ending in .safetensors")
    .addOption(
      new Option(
        "--layout <name>",
        "names in a .safetensors file: torchvision's backbone, the paper's backbone with heads, or all there is",
      )
        .choices(["torchvision", "paper", "blockwise"])
        .default("torchvision"),
    );
  addOutputOptions(command).action(exportRun);
}

async function exportRun(run: string, flags: ExportFlags): Promise<void> {
  const { out, layout } = flags;
  await requireOutputFile(out, [".safetensors"]);
  await requireRun(run);
  // What takes a second to load waits until the options are known to be right.
  const { exportSafetensors } = await import("../weights/export-safetensors.js");
  const { tensors } = await exportSafetensors({ run, out, layout });
  if (flags.json) console.log(JSON.stringify({ event: "result", out, layout, tensors }));
  else console.log(`${tensors} tensors, named as in ${layout}: ${out}`);
}
