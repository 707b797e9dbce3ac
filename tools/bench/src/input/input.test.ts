import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "@blockwise/data";
import { InvalidOptionError } from "@blockwise/spec";
import { describe, expect, it, onTestFinished, vi } from "vitest";
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
