import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { runCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");

beforeAll(() => writeDigits(digits, { count: 40, classes: true }), 120_000);

async function trainWith(name: string, fields: object, ...words: readonly string[]) {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify({ ...tinyConfig, data: { imageSize: 16 }, maxSteps: 2, ...fields }));
  const inputs = ["--preset", "smoke", "--data", digits, "--config", file];
  return runCli("train", ...inputs, "--quiet", "--out", join(folder, name), ...words);
}

const keptConfig = async (name: string) =>
  JSON.parse(await readFile(join(folder, name, "config.json"), "utf8"));

describe.concurrent("partitions of a run", { timeout: 300_000 }, () => {
  it.each(["compute", "memory"])(
    "balanced by %s, are kept as lists, with which the run goes on",
    async (balance) => {
      const fields = { partition: { blocks: 3, balance } };
      const end = await trainWith(balance, fields);
      expect(end).toMatchObject({ exitCode: 0, stderr: "" });
      const kept = await keptConfig(balance);
      expect(kept.partition).toHaveLength(3);
      expect(kept.partition.flat()).toEqual(["stem", "layer1.0", "layer2.0", "layer3.0", "layer4.0"]);
      expect(await trainWith(balance, fields, "--resume")).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await keptConfig(balance)).toEqual(kept);
    },
  );

  it("cannot be balanced over more blocks than there are units", async () => {
    const end = await trainWith("many", { partition: { blocks: 9, balance: "compute" } });
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain('Option "partition.blocks" must be a whole number from 1 to 4');
  });

  it("have heads, projectors, losses and noise block by block, as many as blocks", async () => {
    const choices = {
      head: { perBlock: [{ kind: "global-pool" }, { kind: "convolution-expansion", dim: 8, kernelSize: 1 }] },
      projector: { perBlock: [{ widths: [8] }, { widths: [16, 16] }] },
      noise: { perBlock: [null, { kind: "all", standardDeviation: 0.25 }] },
    };
    expect(await trainWith("per-block", { ...choices, partition: 2 })).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
    const scored = await runCli("evaluate", "--quiet", join(folder, "per-block"));
    expect(scored).toMatchObject({ exitCode: 0, stderr: "" });
    const end = await trainWith("too-few", choices);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain(
      'Option "head.perBlock" must be a list of 4, as many as the partition has blocks',
    );
  });
});
