import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "@blockwise/data";
import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { compareAugment } from "./compare-augment.js";
import { repeatImages } from "./repeat-images.js";
import { timeInput } from "./time-input.js";

// One grey pixel.
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64",
);

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-bench-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("compareAugment", () => {
  it("hands the same images to the peer, and compares round by round", async () => {
    const peer = join(await temporaryFolder(), "peer.mjs");
    await writeFile(
      peer,
      `#!${process.execPath}
      import { statSync } from "node:fs";
      import { createInterface } from "node:readline";
      const words = process.argv.slice(2);
      const images = statSync(words[words.indexOf("--raw") + 1]).size / (4 * 4 * 3);
      console.log(JSON.stringify({ description: words.slice(1, 5).join(" ") + " " + images }));
      for await (const line of createInterface({ input: process.stdin })) {
        console.log(JSON.stringify({ imagesPerCpuSecond: line === "images 64" ? 8 : 0 }));
      }`,
    );
    await chmod(peer, 0o755);
    const work = { data: null, size: 4, batch: 32, count: 64, rounds: 3 };
    const { imagesPerCpuSecond, peers } = await compareAugment(work, [peer]);
    expect(peers).toMatchObject([
      {
        description: "--size 4 --batch 32 2048",
        imagesPerCpuSecond: 8,
        ratio: { median: imagesPerCpuSecond / 8 },
      },
    ]);
  });
});

describe("repeatImages", () => {
  it("writes as many images as asked for, as folders and as shards with the same labels", async () => {
    const from = await temporaryFolder();
    for (const name of ["b", "a"]) {
      await mkdir(join(from, name));
      await writeFile(join(from, name, "1.png"), png);
    }
    const out = join(await temporaryFolder(), "images");
    await repeatImages({ from, out, count: 7, perShard: 3 });
    expect(await readdir(join(out, "shards"))).toHaveLength(3);
    const cacheFolder = await temporaryFolder();
    vi.stubEnv("BLOCKWISE_CACHE", cacheFolder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const folder = (await openDataset(join(out, "folder"), { images: { storage: "stream" } })).train;
    const shards = (await openDataset(join(out, "shards"), { cacheFolder })).train;
    expect([folder.size, shards.size]).toEqual([7, 7]);
    expect(folder.classNames).toEqual(["a", "b"]);
    expect([...(shards.labels ?? [])]).toEqual([0, 1, 0, 1, 0, 1, 0]);
    expect([...(folder.labels ?? [])]).toEqual([0, 0, 0, 0, 1, 1, 1]);
    await expect(repeatImages({ from, out, count: 7, perShard: 3 })).rejects.toThrow(InvalidOptionError);

    const again = join(await temporaryFolder(), "again");
    await repeatImages({ from: join(out, "shards", "images-000000.tar"), out: again, count: 2, perShard: 2 });
    expect(await readdir(join(again, "shards"))).toEqual(["images-000000.tar"]);

    const speed = await timeInput({ data: join(out, "shards"), size: 4, batch: 2, workers: 1, count: 6 });
    expect(speed.imagesPerSecond).toBeGreaterThan(0);
    expect(speed.imagesPerCpuSecond).toBeGreaterThan(0);
  });
});
