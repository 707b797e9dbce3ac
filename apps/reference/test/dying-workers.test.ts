import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors } from "@blockwise/safetensors";
import { beforeAll, describe, expect, it } from "vitest";
import { writeDigits } from "./digit-folder.js";
import { writeDyingLoss } from "./dying-loss.js";
import { runCli } from "./run-cli.js";
import { temporaryFolder } from "./temporary-folder.js";
import { tinyConfig } from "./tiny-config.js";

const folder = temporaryFolder();
const digits = join(folder, "digits");
beforeAll(() => writeDigits(digits, { count: 60, classes: true }), 120_000);

describe.each([
  ["--block-workers", "layer3"],
  ["--batch-workers", "layer1, layer2, layer3, layer4"],
])("a thread of %s that dies", (option, blocks) => {
  it("ends the run with an error that names the block; its checkpoint is whole, and the run goes on from it", async () => {
    const { loss, heal } = await writeDyingLoss(folder, { block: 2, step: 4 });
    const config = join(folder, "dying.json");
    const checkpoints = { everySteps: 2, keep: 100 };
    await writeFile(
      config,
      JSON.stringify({ ...tinyConfig, data: { imageSize: 16 }, loss, checkpoints, epochs: 9, maxSteps: 6 }),
    );
    const words = ["--preset", "smoke", "--data", digits, "--config", config, "--json", option, "2"];
    const out = join(folder, option.slice(2));
    const end = await runCli("train", ...words, "--out", out);
    expect(end.exitCode).toBe(1);
    const [, named, reason] =
      /^BLOCKWISE_BLOCK_WORKER: Block worker \d \((.*)\) ended at step 4 in block layer3: (.*?)\./m.exec(
        end.stderr,
      ) ?? [];
    expect(named).toContain(blocks);
    expect(reason).toBe("it ended with code 7");
    const saved = join(out, "checkpoints/step-00000002");
    expect(JSON.parse(await readFile(join(saved, "run.json"), "utf8"))).toMatchObject({ step: 2 });
    expect((await readSafetensors(join(saved, "tensors.safetensors"))).tensors.size).toBeGreaterThan(100);

    await heal();
    expect(await runCli("train", "--resume", "--json", "--out", out)).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
    const straight = `${out}-straight`;
    expect(await runCli("train", ...words, "--out", straight)).toMatchObject({ exitCode: 0, stderr: "" });
    const [resumed, whole] = await Promise.all(
      [out, straight].map((run) => readFile(join(run, "checkpoints/step-00000006/tensors.safetensors"))),
    );
    expect(resumed?.equals(whole ?? Buffer.of())).toBe(true);
  }, 300_000);
});
