import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { runFolder } from "../run/run-folder.js";
import { readOutcome } from "./run-result.js";

it("warns of skipped steps, and of a block's health once a kind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-outcome-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = runFolder(folder);
  await writeFile(files.training, JSON.stringify({ steps: 4, skippedSteps: { layer1: 0, layer2: 3 } }));
  const line = (step: number, ...warnings: readonly { block: string; kind: string }[]) => ({
    step,
    loss: {},
    warnings: warnings.map((warning) => ({ ...warning, message: `${warning.block}: ${warning.kind} now.` })),
  });
  const collapsed = { block: "layer1", kind: "collapsed" };
  const log = [
    { step: 0, loss: {} },
    line(1, collapsed),
    // Told again after the run was resumed.
    line(2, collapsed, { block: "layer2", kind: "collapsed" }),
  ];
  await writeFile(files.log, log.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  const { warnings } = await readOutcome("blockwise", folder);
  expect(warnings).toEqual([
    "blockwise: layer2 skipped 3 steps with a loss or gradient that was not finite.",
    "blockwise: at step 1, layer1: collapsed now.",
    "blockwise: at step 2, layer2: collapsed now.",
  ]);
});
