import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeSafetensors, readSafetensors } from "@blockwise/safetensors";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "./main.js";

const fixtures = fileURLToPath(new URL("./__fixtures__/", import.meta.url));
const name = "basic-cifar-vicreg-blockwise";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "blockwise-parity-"));
  const cases = JSON.parse(await readFile(join(fixtures, "cases.json"), "utf8")) as { name: string }[];
  await writeFile(join(folder, "cases.json"), JSON.stringify(cases.filter((item) => item.name === name)));
  await copyFile(join(fixtures, `${name}.safetensors`), join(folder, `${name}.safetensors`));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The exit code, and all that was printed. */
async function parity(...given: string[]): Promise<{ code: number; printed: string }> {
  const printed: unknown[] = [];
  const spies = (["log", "error"] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((line) => void printed.push(line)),
  );
  try {
    return { code: await main(["node", "parity", ...given]), printed: printed.join("\n") };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

describe("parity <folder>", () => {
  it("prints each kind's worst tensor and exits with 0 where all agrees", async () => {
    const { code, printed } = await parity(folder, "--engine", "wasm");
    expect(printed).toMatch(/^ok {3}basic-cifar-vicreg-blockwise \(wasm\)$/m);
    for (const kind of ["features", "losses", "gradients", "weights"]) {
      expect(printed).toMatch(
        new RegExp(`${kind} +\\d\\.\\de-\\d+ at \\S+ \\(\\d+ compared, limit 1e-[34]\\)`),
      );
    }
    expect(printed).toContain("1 passed, 0 failed on wasm");
    expect(code).toBe(0);
  });

  it("marks what is off and exits with 1", async () => {
    const file = join(folder, `${name}.safetensors`);
    const { tensors } = await readSafetensors(file);
    const wrong = new Map(tensors);
    const loss = wrong.get("step1.losses");
    if (loss?.dtype !== "F32") throw new Error("There are no losses.");
    wrong.set("step1.losses", { ...loss, data: loss.data.map((value) => value * 1.001) });
    await writeFile(file, encodeSafetensors({ tensors: wrong }));
    const { code, printed } = await parity(folder);
    expect(printed).toMatch(/^FAIL basic-cifar-vicreg-blockwise \(wasm\)$/m);
    expect(printed).toMatch(/! losses +1\.0e-3 at step1\.losses/);
    expect(printed).toContain("0 passed, 1 failed on wasm");
    expect(code).toBe(1);
  });

  it("exits with 2 and says what is wrong with the folder", async () => {
    expect(await parity(join(folder, "none"))).toEqual({
      code: 2,
      printed: expect.stringMatching(/^BLOCKWISE_DATA_SOURCE: .*Name a folder that holds cases\.json/),
    });
    await writeFile(join(folder, `${name}.safetensors`), "no tensors");
    expect(await parity(folder)).toEqual({
      code: 2,
      printed: expect.stringMatching(/^BLOCKWISE_MALFORMED_FILE: /),
    });
    await rm(join(folder, `${name}.safetensors`));
    expect(await parity(folder)).toEqual({ code: 2, printed: expect.stringMatching(/^BLOCKWISE_STORAGE: /) });
    await writeFile(join(folder, "cases.json"), "[]");
    expect(await parity(folder)).toMatchObject({
      code: 2,
      printed: expect.stringContaining("at least one case"),
    });
  });
});
