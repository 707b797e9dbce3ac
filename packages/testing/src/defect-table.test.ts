import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { augmentationChecks } from "./augmentation/augmentation-checks.js";
import { backboneChecks } from "./backbone/backbone-checks.js";
import { dataSourceChecks } from "./data-source/data-source-checks.js";
import { evaluatorChecks } from "./evaluator/evaluator-checks.js";
import { headChecks } from "./head/head-checks.js";
import { layerChecks } from "./layer/layer-checks.js";
import { localLossChecks } from "./local-loss-checks.js";
import { optimizerChecks } from "./optimizer/optimizer-checks.js";
import { scheduleChecks } from "./optimizer/schedule-checks.js";

const layerNames = layerChecks.map(({ name }) => name);
const kinds: Readonly<Record<string, readonly { readonly name: string }[]>> = {
  "local loss": localLossChecks,
  layer: layerChecks,
  backbone: backboneChecks.filter(({ name }) => !name.startsWith("in each unit, ")),
  "head, projector": headChecks.filter(({ name }) => !layerNames.includes(name)),
  optimiser: optimizerChecks,
  schedule: scheduleChecks,
  augmentation: augmentationChecks,
  "data source": dataSourceChecks,
  evaluator: evaluatorChecks,
};

it("has a defect for every check in the README's table", () => {
  const rows = readFileSync(new URL("../README.md", import.meta.url), "utf8")
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  for (const [kind, checks] of Object.entries(kinds)) {
    const caught = rows.filter((cells) => cells[1] === kind).map((cells) => cells[3]);
    for (const { name } of checks) expect(caught, kind).toContain(name);
  }
});
