import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidOptionError, StorageError } from "@blockwise/spec";
import { describe, expect, it, onTestFinished } from "vitest";
import { type PresetName, presets } from "../presets/presets.js";
import {
  changeEvaluation,
  checkConfig,
  loadConfig,
  readResolvedConfig,
  resumeConfig,
} from "./load-config.js";

async function fileOf(value: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-config-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "config.json");
  await writeFile(file, typeof value === "string" ? value : JSON.stringify(value));
  return file;
}

const quick = presets.quick;
const nothing = { preset: null, file: null, flags: {} };

describe("loadConfig", () => {
  it("takes every preset as it is", async () => {
    for (const preset of Object.keys(presets) as PresetName[]) {
      expect(await loadConfig({ ...nothing, preset })).toEqual(presets[preset]);
    }
    expect(await loadConfig(nothing)).toEqual(quick);
  });

  it("puts flags over a file over the preset, field by field", async () => {
    const file = await fileOf({ seed: 1, data: { holdOut: 0.2 }, optimizer: { learningRate: 1 } });
    const config = await loadConfig({ preset: "smoke", file, flags: { seed: 2, epochs: undefined } });
    expect(config).toEqual({
      ...presets.smoke,
      seed: 2,
      data: { ...presets.smoke.data, holdOut: 0.2 },
      optimizer: { ...presets.smoke.optimizer, learningRate: 1 },
    });
  });

  it("replaces lists, and objects of another kind, as a whole", async () => {
    const sgd = { kind: "sgd", learningRate: 0.1, momentum: 0.9, weightDecay: 0 };
    const file = await fileOf({ projector: { widths: [8] }, optimizer: sgd });
    const config = await loadConfig({ ...nothing, file });
    expect(config.projector).toEqual({ widths: [8], initialization: "separate" });
    expect(config.optimizer).toEqual(sgd);
  });

  it("replaces what is chosen block by block as a whole, on either side", async () => {
    const noise = { perBlock: [null, { kind: "all", standardDeviation: 0.25 }] };
    const perBlock = await loadConfig({ ...nothing, file: await fileOf({ noise }) });
    expect(perBlock.noise).toEqual(noise);
    const projector = { perBlock: [{ widths: [8] }] };
    const first = { ...nothing, file: await fileOf({ projector, loss: { perBlock: [quick.loss] } }) };
    const flags = { projector: { widths: [4] }, loss: { kind: "simclr", temperature: 1 } };
    const back = await loadConfig({ ...first, flags });
    expect([back.projector, back.loss]).toEqual([flags.projector, flags.loss]);
    // Half a loss does not take the rest from a list.
    await expect(loadConfig({ ...first, flags: { loss: { scale: 1 } } })).rejects.toThrow(/"loss.kind" must/);
  });

  it("refuses files that cannot be read or are no JSON", async () => {
    await expect(loadConfig({ ...nothing, file: "/no/such.json" })).rejects.toThrow(StorageError);
    const broken = loadConfig({ ...nothing, file: await fileOf("{ seed: 1 }") });
    await expect(broken).rejects.toThrow(/Option "config" must be a file of JSON/);
    const list = loadConfig({ ...nothing, file: await fileOf("[1, 2]") });
    await expect(list).rejects.toThrow(/Option "config" must be a file with a JSON object, but is \[1,2\]/);
  });
});

describe("checkConfig", () => {
  it.each([
    [{ ...quick, epoch: 3 }, "epoch", "absent (there is no such option)"],
    [
      { ...quick, loss: { ...(quick.loss as object), lamda: 1 } },
      "loss.lamda",
      "absent (there is no such option)",
    ],
    [{ ...quick, seed: -1 }, "seed", "a number of at least 0"],
    [{ ...quick, epochs: 1.5 }, "epochs", "a whole number"],
    [{ ...quick, epochs: "3" }, "epochs", "a number"],
    [{ ...quick, batchSize: 0 }, "batchSize", "a number above 0"],
    [{ ...quick, data: 3 }, "data", "an object"],
    [{ ...quick, data: { ...quick.data, dataset: "" } }, "data.dataset", "a text that is not empty"],
    [{ ...quick, data: { ...quick.data, holdOut: 1 } }, "data.holdOut", "a number below 1"],
    [{ ...quick, data: { ...quick.data, imageSize: "big" } }, "data.imageSize", 'a number or "auto"'],
    [
      { ...quick, partition: "foo" },
      "partition",
      '"stages", "end-to-end" or "units", a number, a list or an object',
    ],
    [{ ...quick, partition: { blocks: 2, balance: "time" } }, "partition.balance", '"compute" or "memory"'],
    [{ ...quick, partition: { blocks: 0, balance: "memory" } }, "partition.blocks", "a number above 0"],
    [{ ...quick, partition: [[]] }, "partition.0", "a list that is not empty"],
    [
      { ...quick, loss: { kind: "byol" } },
      "loss.kind",
      '"barlow-twins", "simclr", "vicreg", "cross-entropy", "greedy-infomax", "look-ahead", "weighted-sum" or "package"',
    ],
    [
      { ...quick, loss: { kind: "cross-entropy", labelSmoothing: 1 } },
      "loss.labelSmoothing",
      "a number below 1",
    ],
    [
      { ...quick, loss: { kind: "look-ahead", loss: { kind: "simclr" } } },
      "loss.loss.temperature",
      "a number",
    ],
    [
      { ...quick, loss: { kind: "weighted-sum", losses: [{ weight: -1, loss: { kind: "cross-entropy" } }] } },
      "loss.losses.0.weight",
      "a number of at least 0",
    ],
    [{ ...quick, loss: { kind: "simclr" } }, "loss.temperature", "a number"],
    [
      { ...quick, loss: { perBlock: [quick.loss, { kind: "simclr" }] } },
      "loss.perBlock.1.temperature",
      "a number",
    ],
    [{ ...quick, loss: { perBlock: [] } }, "loss.perBlock", "a list that is not empty"],
    [{ ...quick, noise: { perBlock: [null, 3] } }, "noise.perBlock.1", "an object"],
    [
      { ...quick, head: { perBlock: [quick.head], kind: "global-pool" } },
      "head.perBlock",
      "absent (there is no such option)",
    ],
    [
      { ...quick, network: { ...quick.network, depth: 19 } },
      "network.depth",
      "18, 34, 50, 101 or 152 or an object",
    ],
    [
      { ...quick, network: { ...quick.network, depth: { unit: "basic", unitCounts: [1, 0] } } },
      "network.depth.unitCounts.1",
      "a number above 0",
    ],
    [
      { ...quick, network: { ...quick.network, depth: { unit: "basic", unitCount: [1] } } },
      "network.depth.unitCount",
      "absent (there is no such option)",
    ],
    [
      { ...quick, augmentation: { ...quick.augmentation, flip: 1 } },
      "augmentation.flip",
      'true or false or "auto"',
    ],
    [[], "configuration", "an object"],
  ])("names the field that is wrong and what it may be (%#)", (value, option, expected) => {
    const check = () => checkConfig(value);
    expect(check).toThrow(InvalidOptionError);
    expect(check).toThrow(expect.objectContaining({ option, expected }));
  });
});

describe("resumeConfig", () => {
  const settled = {
    ...quick,
    data: { ...quick.data, dataset: "cifar10", imageSize: 32, enlarge: true },
    augmentation: { ...quick.augmentation, flip: true },
  };

  it("keeps the run's configuration, with which what is asked for must agree", async () => {
    const file = await fileOf(settled);
    expect(await resumeConfig(file, nothing)).toEqual(settled);
    const same = { preset: "quick", file: null, flags: { seed: 0, data: { dataset: "auto" } } } as const;
    expect(await resumeConfig(file, same)).toEqual(settled);
    await expect(resumeConfig(file, { ...nothing, flags: { seed: 1 } })).rejects.toThrow(/"seed" must be 0/);
    await expect(resumeConfig(file, { ...nothing, preset: "full" })).rejects.toThrow(InvalidOptionError);
    const other = await fileOf({ loss: { kind: "simclr", temperature: 0.5 } });
    await expect(resumeConfig(file, { ...nothing, file: other })).rejects.toThrow(/"loss.kind" must be/);
  });

  it("takes the lists that a balanced partition was settled to for that partition", async () => {
    const partition = [
      ["stem", "layer1.0"],
      ["layer2.0", "layer3.0", "layer4.0"],
    ];
    const file = await fileOf({ ...settled, partition });
    const asked = (blocks: number) => ({ ...nothing, flags: { partition: { blocks, balance: "compute" } } });
    expect((await resumeConfig(file, asked(2))).partition).toEqual(partition);
    await expect(resumeConfig(file, asked(3))).rejects.toThrow(/"partition" must be/);
  });

  it("takes for a field that an older run has not written what runs did before there was one", async () => {
    const { blockWorkers, batchWorkers, watch, tensorboard, ...older } = settled;
    expect([blockWorkers, batchWorkers, tensorboard]).toEqual([null, null, false]);
    expect(watch).not.toBeNull();
    expect(await readResolvedConfig(await fileOf(older))).toEqual({ ...settled, watch: null });
    const { seed, ...broken } = older;
    await expect(readResolvedConfig(await fileOf(broken))).rejects.toThrow(/"seed"/);
    expect(seed).toBe(0);
  });

  it("refuses a kept configuration that leaves something open", async () => {
    const balanced = await fileOf({ ...settled, partition: { blocks: 2, balance: "compute" } });
    await expect(readResolvedConfig(balanced)).rejects.toThrow(/"partition" must be settled/);
    await expect(readResolvedConfig(await fileOf(quick))).rejects.toThrow(/"data.imageSize" must be settled/);
  });
});

describe("changeEvaluation", () => {
  const settled = {
    ...quick,
    partition: "stages" as const,
    data: { ...quick.data, imageSize: 32 },
    augmentation: { ...quick.augmentation, flip: true },
  };

  it("puts the fields of evaluation over a run's, and takes no others", async () => {
    const changed = await changeEvaluation(settled, await fileOf({ evaluation: { linear: "paper" } }));
    expect(changed).toEqual({ ...settled, evaluation: { ...settled.evaluation, linear: "paper" } });
    const wrong = await fileOf({ evaluation: { linear: "papers" } });
    await expect(changeEvaluation(settled, wrong)).rejects.toThrow(/"evaluation.linear" must be/);
    const more = await fileOf({ evaluation: {}, seed: 3 });
    await expect(changeEvaluation(settled, more)).rejects.toThrow(/evaluation alone.*"?seed/);
  });
});
