import { InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { requireRun } from "../run/run-folder.js";
import type { WeightsLayout } from "../weights/export-safetensors.js";
import { addOutputOptions, type OutputFlags } from "./common-options.js";
import { requireOutputFile } from "./output-file.js";

interface ExportFlags extends OutputFlags {
  readonly out: string;
  readonly layout: WeightsLayout;
  readonly block?: string;
  readonly channelsLast?: true;
}

/** `blockwise export`: writes a trained network for other programs. */
export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("Write a run's network for other programs: .safetensors for PyTorch, or an .onnx model.")
    .argument("<run>", "folder of a trained run")
    .requiredOption("--out <file>", "the file to write, ending in .safetensors or .onnx")
    .option("--block <name>", "cut an .onnx model after this block, stage or unit (default: the last)")
    .option("--channels-last", "let an .onnx model take images as [batch, height, width, channels]")
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
  const { out, layout, block: after = null } = flags;
  const ending = await requireOutputFile(out, [".safetensors", ".onnx"]);
  if (ending === ".safetensors") requireOnnx(flags);
  await requireRun(run);
  // What takes a second to load waits until the options are known to be right.
  if (ending === ".onnx") {
    const { exportOnnx } = await import("../weights/export-onnx.js");
    const channels = flags.channelsLast ? "last" : "first";
    const written = await exportOnnx({ run, out, after, channels });
    if (flags.json) console.log(JSON.stringify({ event: "result", out, channels, ...written }));
    else console.log(`images to ${written.outputs.join(", ")} after ${written.after}: ${out}`);
    return;
  }
  const { exportSafetensors } = await import("../weights/export-safetensors.js");
  const { tensors } = await exportSafetensors({ run, out, layout });
  if (flags.json) console.log(JSON.stringify({ event: "result", out, layout, tensors }));
  else console.log(`${tensors} tensors, named as in ${layout}: ${out}`);
}

/** Weights by name are those of the whole network. */
function requireOnnx({ block, channelsLast }: ExportFlags): void {
  const given = block === undefined ? channelsLast && "channels-last" : "block";
  if (!given) return;
  throw new InvalidOptionError({
    option: given,
    expected: "left out for a .safetensors file",
    received: block ?? channelsLast,
  });
}
