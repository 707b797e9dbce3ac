import { describeTime } from "../progress/describe-time.js";
import type { PlannedBlock, PlanRecord } from "./plan-record.js";

/** A plan for people. */
export function formatPlan(plan: PlanRecord): string {
  return [
    formatTable([
      ["block", "units", "backbone", "head", "projector", "activations", "peak", "GFLOP", "GFLOP/s", "time"],
      ...plan.blocks.map(blockRow),
    ]),
    "",
    ...describeImages(plan),
    ...describeMemory(plan),
    ...describeWork(plan),
    ...plan.notes.map((note) => `Note: ${note}.`),
    "",
    ...howMeasured,
  ].join("\n");
}

function blockRow(block: PlannedBlock): readonly string[] {
  const { backbone, head, projector } = block.parameters;
  return [
    block.id,
    String(block.units.length),
    backbone.toLocaleString("en"),
    head.toLocaleString("en"),
    projector.toLocaleString("en"),
    bytes(total(block.activationBytes)),
    bytes(block.peakBytes),
    number(block.flopsPerStep / 1e9),
    number(block.flopsPerStep / block.secondsPerStep / 1e9),
    duration(block.secondsPerStep),
  ];
}

function describeImages({ images, batchSize, stepsPerEpoch, stepCount }: PlanRecord): readonly string[] {
  const { description, count, size, channels, classCount } = images;
  const known = count === null ? "of unknown number" : `${count.toLocaleString("en")} to train on`;
  const classes = classCount === null ? "no classes (--classes)" : `${classCount} classes`;
  const steps =
    stepCount === null
      ? "Steps: unknown without the number of images (--images)."
      : `Steps: ${stepCount.toLocaleString("en")} of ${batchSize} images` +
        (stepsPerEpoch === null ? "." : `, ${stepsPerEpoch.toLocaleString("en")} an epoch.`);
  return [
    `Images: assumed, none is read: ${description}; ${known}, ${size}x${size}x${channels}, ${classes}.`,
    steps,
  ];
}

function describeMemory({
  blockwise,
  endToEnd,
  memory,
  parameterCount,
  batchSize,
}: PlanRecord): readonly string[] {
  const { limitBytes, limit, stateBytes, fits, largestBatchSize } = memory;
  return [
    `Parameters: ${parameterCount.toLocaleString("en")}; with the optimiser's state ${bytes(stateBytes)}.`,
    `Activations: ${bytes(blockwise.activationBytes)} for the block that needs most, ${bytes(endToEnd.activationBytes)} end to end.`,
    `Memory: some ${bytes(blockwise.peakBytes)} at the most, ${bytes(endToEnd.peakBytes)} end to end; the ${limit} has ${bytes(limitBytes)}.`,
    fits
      ? `It should fit; the largest batch that does is about ${largestBatchSize}.`
      : largestBatchSize === 0
        ? "It does not fit, whatever the batch: make projectors or network smaller, or use another engine."
        : `It does not fit: the largest batch that does is about ${largestBatchSize}, not ${batchSize}. Gradients of smaller ` +
          "batches cannot be added up to the same: the losses compare the images of a batch with each other.",
  ];
}

function describeWork({ blockwise, endToEnd }: PlanRecord): readonly string[] {
  const { flopsPerStep, secondsPerStep, secondsPerRun } = blockwise;
  return [
    `Work: ${number(flopsPerStep / 1e9)} GFLOP a step, ${number(endToEnd.flopsPerStep / 1e9)} end to end.`,
    `Time: ${duration(secondsPerStep)} a step` +
      (secondsPerRun === null
        ? "."
        : `, ${duration(secondsPerRun)} for the run, on one engine as it is now.`),
  ];
}

const howMeasured = [
  "Parameters, activations and GFLOP are counted from shapes: convolutions and linear maps, forward and backward, both",
  "views. Time is from training each part of each block for a moment on a few random images; it leaves out the loss,",
  "the update, and waiting for images.",
];

function total(parts: PlannedBlock["activationBytes"]): number {
  return parts.backbone + parts.head + parts.projector + parts.next;
}

function bytes(count: number): string {
  if (count >= 2 ** 30) return `${number(count / 2 ** 30)} GiB`;
  return `${number(count / 2 ** 20)} MiB`;
}

/** Three digits, or all of a whole number. */
function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}

function duration(seconds: number): string {
  return seconds < 10 ? `${number(seconds)} s` : describeTime(seconds);
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}
