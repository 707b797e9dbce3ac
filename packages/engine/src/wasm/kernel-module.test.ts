import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { generate } from "../../assembly/build.mjs";
import { kernelsBase64 } from "./kernels.generated.js";

test("the committed kernels are what assembly/ compiles to", async () => {
  const committed = await readFile(new URL("./kernels.generated.ts", import.meta.url), "utf8");
  expect(committed, "run `pnpm build:kernels` in packages/engine").toBe(await generate());
});

test("the kernels own no memory that could collide with the backend's", async () => {
  const module = await WebAssembly.compile(Buffer.from(kernelsBase64, "base64"));
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  expect(WebAssembly.Module.exports(module).every(({ kind }) => kind === "function")).toBe(true);
  // On a memory of no pages a data segment would make instantiation fail.
  const memory = new WebAssembly.Memory({ initial: 0 });
  await expect(WebAssembly.instantiate(module, { env: { memory } })).resolves.toBeDefined();
});
