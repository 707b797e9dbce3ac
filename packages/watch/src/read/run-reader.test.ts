import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeExampleRun } from "../__fixtures__/example-run.js";
import { temporaryFolder } from "../__fixtures__/temporary-folder.js";
import { sections } from "../page/sections.js";
import { runFiles } from "../record/run-files.js";
import { RunReader } from "./run-reader.js";
import { runStatus } from "./run-status.js";

const folder = temporaryFolder();
let count = 0;

function emptyRun(): { readonly run: string; readonly reader: RunReader } {
  const run = join(folder, String(count++));
  mkdirSync(run, { recursive: true });
  return { run, reader: new RunReader(run) };
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

describe("RunReader", () => {
  it("keeps a log of 100,000 steps in some hundred rows, and draws it", async () => {
    const { run, reader } = emptyRun();
    const lines = Array.from({ length: 100_000 }, (_, step) =>
      line({ step, loss: { layer1: 1 + 1 / (step + 1), layer2: 2 }, embeddingDeviation: { layer1: 0.1 } }),
    );
    writeFileSync(runFiles(run).log, lines.join(""));
    await reader.refresh();
    const { steps, stride } = reader.log.loss.curves();
    expect(steps.length).toBeLessThanOrEqual(600);
    expect(stride).toBe(256);
    expect(reader.log.lastStep).toBe(99_999);
    const drawn = sections
      .map((section) => section.render({ reader, now: Date.now(), at: null }).markup)
      .join("");
    expect(drawn).toContain("mean of up to 256 steps");
    expect(drawn.length).toBeLessThan(500_000);
  });

  it("reads a log anew that a resumed run has cut", async () => {
    const { run, reader } = emptyRun();
    const { log } = runFiles(run);
    writeFileSync(log, [0, 1, 2, 3].map((step) => line({ step, loss: { layer1: step } })).join(""));
    await reader.refresh();
    writeFileSync(`${log}.new`, [0, 1].map((step) => line({ step, loss: { layer1: step } })).join(""));
    renameSync(`${log}.new`, log);
    appendFileSync(log, line({ step: 2, loss: { layer1: 20 } }));
    await reader.refresh();
    expect(reader.log.loss.curves().steps).toEqual([0, 1, 2]);
    expect(reader.log.loss.curves().values.get("layer1")).toEqual([0, 1, 20]);
  });

  it("turns maps so that they look like the ones before", async () => {
    const { run, reader } = emptyRun();
    const map = (step: number, points: readonly number[]) =>
      line({ step, blocks: [{ block: "layer1", points, explained: [0.5, 0.25] }] });
    writeFileSync(
      runFiles(run).maps,
      map(0, [1, 2, -1, -2]) + map(5, [-1.5, 2, 1.5, -2]) + map(9, [-2, -2, 2, 2]),
    );
    await reader.refresh();
    expect(reader.maps.maps.map(({ blocks }) => blocks[0]?.points)).toEqual([
      [1, 2, -1, -2],
      [1.5, 2, -1.5, -2],
      [2, 2, -2, -2],
    ]);
  });

  it("draws every section whatever the files hold", async () => {
    const names = ["log.jsonl", "progress.jsonl", "online.jsonl", "maps.jsonl"];
    const objects = ["config.json", "input.json", "training.json", "evaluation.json", "map-images.json"];
    const keys = [
      "step",
      "time",
      "event",
      "loss",
      "terms",
      "health",
      "warnings",
      "blocks",
      "block",
      "points",
    ];
    const more = [
      "explained",
      "labels",
      "classNames",
      "views",
      "images",
      "stepCount",
      "layer1",
      "evaluation",
    ];
    const leaf = fc.oneof(
      fc.constantFrom<unknown>("start", "progress", "end", "note", "<script>", 0, 1, -1, 1e308, null, true),
      fc.double(),
      fc.string(),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("any"), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...keys, ...more), tie("any"), { maxKeys: 6 }),
      ),
    })).any;
    const files = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 10 });
    await fc.assert(
      fc.asyncProperty(fc.array(files, { minLength: 5, maxLength: 8 }), async (contents) => {
        const { run, reader } = emptyRun();
        mkdirSync(join(run, "pairs"));
        for (const name of names) writeFileSync(join(run, name), contents.map(line).join(""));
        for (const [index, name] of [...objects, "pairs/pairs.json"].entries()) {
          writeFileSync(join(run, name), JSON.stringify(contents[index] ?? {}));
        }
        await reader.refresh();
        for (const section of sections) {
          const { markup } = section.render({ reader, now: 1e12, at: null });
          expect(markup).not.toContain("<script");
          expect(markup).not.toContain("NaN");
        }
      }),
      { numRuns: 40, seed: 3 },
    );
  });
});

describe("runStatus", () => {
  it("says whether a run has begun, trains, is silent, was stopped or has finished", async () => {
    const { run, reader } = emptyRun();
    const state = async (now: number) => {
      await reader.refresh();
      const { state, step, stepCount } = runStatus(reader, now);
      return [state, step, stepCount];
    };
    const { progress } = runFiles(run);
    const start = 1_000_000;
    expect(await state(start)).toEqual(["waiting", 0, null]);
    appendFileSync(progress, line({ event: "start", time: start, step: 0, stepCount: 9, blocks: [] }));
    expect(await state(start + 1000)).toEqual(["running", 0, 9]);
    appendFileSync(progress, line({ event: "progress", time: start + 100_000, step: 3 }));
    // Steps of 100 seconds: the next one is waited for longer.
    expect(await state(start + 400_000)).toEqual(["running", 3, 9]);
    expect(await state(start + 700_000)).toEqual(["silent", 3, 9]);
    appendFileSync(progress, line({ event: "end", time: start + 800_000, step: 4, interrupted: true }));
    expect(await state(start + 900_000)).toEqual(["stopped", 4, 9]);
    appendFileSync(progress, line({ event: "start", time: start + 1e6, step: 4, stepCount: 9, blocks: [] }));
    expect(await state(start + 1e6)).toEqual(["running", 4, 9]);
    appendFileSync(progress, line({ event: "end", time: start + 2e6, step: 9, interrupted: false }));
    expect(await state(start + 9e6)).toEqual(["finished", 9, 9]);
  });

  it("knows runs of before there was progress by their other files", async () => {
    const { run, reader } = emptyRun();
    await writeExampleRun(run, { steps: 5, stepCount: 5 });
    renameSync(runFiles(run).progress, join(run, "gone"));
    await reader.refresh();
    expect(runStatus(reader, Date.now())).toMatchObject({ state: "finished", step: 5, stepCount: 5 });
  });
});
