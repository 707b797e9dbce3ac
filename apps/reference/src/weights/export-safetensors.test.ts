import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPth } from "@blockwise/pytorch";
import { readSafetensors } from "@blockwise/safetensors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportSafetensors, type WeightsLayout } from "./export-safetensors.js";
import { importRun } from "./import-run.js";

const weights = fileURLToPath(new URL("../__fixtures__/checkpoints/blockwise-training.pth", import.meta.url));

let folder: string;
let run: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-export-"));
  run = join(folder, "run");
  const flags = { data: { imageSize: 48 }, engine: "wasm" };
  const config = { preset: null, file: null, flags };
  await importRun({ weights, out: run, prefix: null, opaque: [], projectors: true, config });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function exported(layout: WeightsLayout) {
  const out = join(folder, `${layout}.safetensors`);
  const { tensors: count } = await exportSafetensors({ run, out, layout });
  const file = await readSafetensors(out);
  expect(file.tensors.size).toBe(count);
  return file;
}

describe("exportSafetensors", () => {
  it("gives back, bit for bit, what PyTorch wrote, under the names of each layout", async () => {
    const original = await readPth(weights);
    const places: Readonly<Record<WeightsLayout, (name: string) => string>> = {
      torchvision: (name) => `model.module.backbone.${name}`,
      paper: (name) => `model.module.backbone.${name}`,
      blockwise: (name) =>
        name.startsWith("projector.")
          ? `model.module.projector_list.${name.slice("projector.".length)}`
          : `model.module.backbone.${name.replace(/^pool_head\.(\d)/, (_, block) => `pool_conv_block_${Number(block) + 1}`)}`,
    };
    const learnt = [...original.keys()].filter(
      (name) => name.startsWith("model.") && !/num_batches_tracked|module\.bn\./.test(name),
    );
    const sizes = { torchvision: 0, paper: 0, blockwise: 0 };
    for (const layout of ["torchvision", "paper", "blockwise"] as const) {
      const { tensors } = await exported(layout);
      for (const [name, entry] of tensors) expect(entry, name).toEqual(original.get(places[layout](name)));
      sizes[layout] = tensors.size;
    }
    const isHead = (name: string): boolean => name.includes("pool_conv_block");
    const isProjector = (name: string): boolean => name.includes("projector");
    expect(sizes).toEqual({
      torchvision: learnt.filter((name) => !isHead(name) && !isProjector(name)).length,
      paper: learnt.filter((name) => !isProjector(name)).length,
      blockwise: learnt.length,
    });
  });

  it("says what images the network expects", async () => {
    expect((await exported("torchvision")).metadata).toMatchObject({
      format: "pt",
      imageSize: "48",
      mean: "[0.485,0.456,0.406]",
      std: "[0.229,0.224,0.225]",
    });
  });
});
