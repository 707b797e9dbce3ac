import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { paperImagenet } from "../presets/paper-imagenet.js";
import { quick } from "../presets/quick.js";
import { assumeImages } from "./assume-images.js";

const withData = (data: object) => ({ ...quick, data: { ...quick.data, maxTrainImages: null, ...data } });

it("knows data sets by name, without having them", async () => {
  const imagenet = await assumeImages(paperImagenet, {});
  expect(imagenet).toMatchObject({ count: 1_281_167, classCount: 1000, channels: 3 });
  expect(await assumeImages(withData({ dataset: "fashion-mnist" }), {})).toMatchObject({
    count: 60_000,
    channels: 1,
    side: 28,
  });
  expect(await assumeImages(quick, {})).toMatchObject({ count: 20_000, side: 32 });
});

it("takes what flags say before all else", async () => {
  expect(await assumeImages(paperImagenet, { images: 5000, classes: 7 })).toMatchObject({
    count: 5000,
    classCount: 7,
  });
});

it("counts a folder's files, and its classes where there are folders", async () => {
  const folder = await mkdtemp(join(tmpdir(), "blockwise-plan-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["cats", "dogs"]) {
    await mkdir(join(folder, name));
    for (let index = 0; index < 5; index++) await writeFile(join(folder, name, `${index}.jpg`), "");
  }
  await writeFile(join(folder, "cats", "notes.txt"), "");
  const assumed = await assumeImages(withData({ dataset: folder, holdOut: 0.2 }), {});
  expect(assumed).toMatchObject({ count: 8, classCount: 2, channels: 3 });
  await writeFile(join(folder, "loose.png"), "");
  expect(await assumeImages(withData({ dataset: folder, holdOut: 0 }), {})).toMatchObject({
    count: 11,
    classCount: null,
  });
});

it("says what it cannot know", async () => {
  const assumed = await assumeImages(withData({ dataset: "/no/such/shards.tar" }), {});
  expect(assumed).toMatchObject({ count: null, classCount: null });
  expect(assumed.description).toContain("not looked into");
});
