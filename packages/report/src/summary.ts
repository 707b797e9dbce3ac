import { InvalidOptionError } from "@blockwise/spec";
import type { BlockResultV1, ResultsV1, RunNameV1, RunResultV1 } from "./results-v1.js";

/** What a run is called where people read it. */
const runLabels: Readonly<Record<RunNameV1, string>> = {
  blockwise: "blockwise",
  "end-to-end": "end to end",
  random: "random weights",
};

/** The label of a run; a name of a later version stands for itself. */
export function runLabel(run: RunResultV1): string {
  return Object.hasOwn(runLabels, run.name) ? runLabels[run.name] : run.name;
}

/** The scores that every run has at every block. */
export const scores: readonly {
  readonly title: string;
  readonly of: (block: BlockResultV1) => number | undefined;
  /** Whether the control on raw pixels is measured the same way. */
  readonly comparesWithPixels: boolean;
}[] = [
  {
    title: "Linear probe, pooled features",
    of: (block) => block.linearProbe.raw.top1,
    comparesWithPixels: true,
  },
  {
    title: "Linear probe, head's output",
    of: (block) => block.linearProbe.head?.top1,
    comparesWithPixels: false,
  },
  {
    title: "Nearest neighbours, pooled features",
    of: (block) => block.knn.raw.top1,
    comparesWithPixels: false,
  },
];

/** Names of the blocks, from first to last, that any run has. */
export function blockNames(results: ResultsV1): readonly string[] {
  return [...new Set(results.runs.flatMap((run) => run.blocks.map(({ block }) => block)))];
}

/** A run's result at a block. */
export function blockOf(
  run: { readonly blocks: readonly BlockResultV1[] },
  name: string,
): BlockResultV1 | undefined {
  return run.blocks.find(({ block }) => block === name);
}

/** How blockwise training does at the last block, on pooled features; undefined without such a run. */
export function headline(results: ResultsV1):
  | {
      readonly top1: number;
      readonly aboveRandom: number | undefined;
      readonly aboveEndToEnd: number | undefined;
    }
  | undefined {
  const last = (name: RunNameV1): number | undefined =>
    results.runs.find((run) => run.name === name)?.blocks.at(-1)?.linearProbe.raw.top1;
  const top1 = last("blockwise");
  if (top1 === undefined) return undefined;
  const above = (other: number | undefined): number | undefined =>
    other === undefined ? undefined : top1 - other;
  return { top1, aboveRandom: above(last("random")), aboveEndToEnd: above(last("end-to-end")) };
}

/** @throws InvalidOptionError where the results are not of the version that this package knows. */
export function requireKnownSchema(results: { readonly schema: 1 }): void {
  const schema: unknown = results.schema;
  if (schema === 1) return;
  throw new InvalidOptionError({
    option: "results.schema",
    expected: "1",
    received: schema,
    hint: "Read these results with the version of @blockwise/report that came with what wrote them.",
  });
}
