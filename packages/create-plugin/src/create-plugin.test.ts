import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPlugin } from "./create-plugin.js";
import { packageKinds } from "./plugin-kinds.js";

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "blockwise-create-"));
});
afterEach(() => rm(parent, { recursive: true }));

// That what is made builds and passes its tests, `npm test` tries from the packed packages.
describe("createPlugin", () => {
  it.each(packageKinds)("makes a package of kind %s, with its own names throughout", async (kind) => {
    const folder = join(parent, "made");
    expect(await createPlugin({ name: "@me/quick-brown", kind, folder })).toBe(folder);
    const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files).toContain(join(folder, "src/quick-brown.test.ts"));
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    expect(texts.filter((text) => /my-?plugin/i.test(text))).toEqual([]);
    expect(await readFile(join(folder, "src/quick-brown.ts"), "utf8")).toContain(
      "export function quickBrown(",
    );
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const own = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
    expect(manifest).toMatchObject({
      name: "@me/quick-brown",
      dependencies: { "@blockwise/spec": `^${own.version}` },
      publishConfig: { access: "public", provenance: true },
    });
  });

  it("overwrites nothing", async () => {
    await writeFile(join(parent, "mine.ts"), "kept");
    const made = createPlugin({ name: "quick", kind: "head", folder: parent });
    await expect(made).rejects.toMatchObject({ code: "BLOCKWISE_STORAGE" });
    await expect(made).rejects.toThrow(/holds mine\.ts already/);
    expect(await readdir(parent)).toEqual(["mine.ts"]);
    const onFile = createPlugin({ name: "quick", kind: "head", folder: join(parent, "mine.ts") });
    await expect(onFile).rejects.toMatchObject({ code: "BLOCKWISE_STORAGE" });
  });

  it.runIf(process.platform === "linux")("ends where no folder can be made, as in /proc", async () => {
    const made = createPlugin({ name: "quick", kind: "head", folder: "/proc/blockwise/quick" });
    await expect(made).rejects.toMatchObject({ code: "BLOCKWISE_STORAGE" });
  });

  it.each(["", "Loss", "../loss", "loss/mine", "@me", "@Me/loss", "9loss", "loss_mine", "loss--mine"])(
    "refuses the name %j",
    async (name) => {
      const made = createPlugin({ name, kind: "head", folder: join(parent, "made") });
      await expect(made).rejects.toMatchObject({ code: "BLOCKWISE_INVALID_OPTION", option: "name" });
      expect(await readdir(parent)).toEqual([]);
    },
  );

  it("refuses an unknown kind, and names those that there are", async () => {
    const made = createPlugin({ name: "quick", kind: "engine" as "head", folder: join(parent, "made") });
    await expect(made).rejects.toThrow(/"kind" must be one of augmentation, backbone,/);
  });
});
