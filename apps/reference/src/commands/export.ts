import { InvalidOptionError } from "@blockwise/spec";
import { type Command, Option } from "commander";
import { requireRun } from "../run/run-folder.js";
import type { CutRequest } from "../weights/cut-for-export.js";
import type { WeightsLayout } from "../weights/export-safetensors.js";
import { addForceOption, addOutputOptions, type ForceFlags, type OutputFlags } from "./common-options.js";
import { requireFreeFolder, requireOutputFile } from "./output-file.js";

const formats = ["safetensors", "onnx", "tfjs"] as const;
type ExportFormat = (typeof formats)[number];

interface ExportFlags extends OutputFlags, ForceFlags {
  readonly out: string;
  readonly format?: ExportFormat;
  readonly layout?: WeightsLayout;
  readonly block?: string;
  readonly head?: boolean;
  readonly allBlocks?: true;
  readonly channelsLast?: true;
}

/** The formats that each option is for. */
const optionFormats: Readonly<Partial<Record<keyof ExportFlags, readonly ExportFormat[]>>> = {
  layout: ["safetensors"],
  block: ["onnx", "tfjs"],
  head: ["onnx", "tfjs"],
  allBlocks: ["tfjs"],
  channelsLast: ["onnx"],
};

/** `blockwise export`: writes a trained network for other programs. */
export function addExportCommand(program: Command): void {
  const command = program
    .command("export")
    .description(
      "Write a run's network for other programs: .safetensors for PyTorch, an .onnx model, or a folder with a TensorFlow.js model.",
    )
    .argument("<run>", "folder of a trained run")
    .requiredOption("--out <path>", "the file to write, or for tfjs the folder")
    .addOption(new Option("--format <name>", "default: as the file's name ends").choices(formats))
    .option("--block <name>", "cut a model after this block, stage or unit (default: the last)")
    .option(
      "--head",
      "insist on the output of the block's head in a model (default: where it can be exported)",
    )
    .option("--no-head", "leave heads out of a model")
    .option("--all-blocks", "give a tfjs model outputs for every block: <block>.features, <block>.head")
    .option("--channels-last", "let an .onnx model take images as [batch, height, width, channels]")
    .addOption(
      new Option(
        "--layout <name>",
        "names in a .safetensors file: torchvision's backbone (default), the paper's backbone with heads, or all there is",
      ).choices(["torchvision", "paper", "blockwise"]),
    );
  addForceOption(addOutputOptions(command)).action(exportRun);
}

async function exportRun(run: string, flags: ExportFlags): Promise<void> {
  const { out, layout = "torchvision", block: after = null } = flags;
  const format = await chosenFormat(flags);
  refuseOptionsOfOthers(flags, format);
  await requireRun(run);
  const report = (fields: object, text: string): void =>
    console.log(flags.json ? JSON.stringify({ event: "result", out, ...fields }) : `${text}: ${out}`);
  const head: CutRequest["head"] = flags.head === undefined ? "auto" : flags.head ? "with" : "without";
  // What takes a second to load waits until the options are known to be right.
  if (format === "onnx") {
    const { exportOnnx } = await import("../weights/export-onnx.js");
    const channels = flags.channelsLast ? "last" : "first";
    const written = await exportOnnx({ run, out, after, head, channels });
    report({ channels, ...written }, `images to ${written.outputs.join(", ")} after ${written.after}`);
  } else if (format === "tfjs") {
    const { exportTfjs } = await import("../weights/export-tfjs.js");
    const written = await exportTfjs({ run, out, after, head, allBlocks: flags.allBlocks ?? false });
    report(written, `images to ${written.outputs.join(", ")} after ${written.after}`);
  } else {
    const { exportSafetensors } = await import("../weights/export-safetensors.js");
    const { tensors } = await exportSafetensors({ run, out, layout });
    report({ layout, tensors }, `${tensors} tensors, named as in ${layout}`);
  }
}

async function chosenFormat(flags: ExportFlags): Promise<ExportFormat> {
  const { format, out } = flags;
  const force = flags.force ?? false;
  if (format === "tfjs") {
    await requireFreeFolder(out, { force });
    return format;
  }
  if (format !== undefined) {
    await requireOutputFile(out, [`.${format}`], { force });
    return format;
  }
  const ending = await requireOutputFile(out, [".safetensors", ".onnx"], {
    force,
    hint: "For a folder, give --format tfjs.",
  });
  return ending === ".onnx" ? "onnx" : "safetensors";
}

function refuseOptionsOfOthers(flags: ExportFlags, format: ExportFormat): void {
  for (const [option, allowed] of Object.entries(optionFormats)) {
    const received = flags[option as keyof ExportFlags];
    if (received === undefined || allowed.includes(format)) continue;
    throw new InvalidOptionError({
      option: option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      expected: `left out for ${format}; it is for ${allowed.join(" and ")}`,
      received,
    });
  }
}
