import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { SafetensorsEntry } from "@blockwise/safetensors";
import { InvalidOptionError, MalformedFileError, StorageError, UnsupportedFileError } from "@blockwise/spec";
import { describe, expect, it } from "vitest";
import { openPth, readPth } from "./open-pth.js";

interface ExpectedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const fixture = (name: string): string => fileURLToPath(new URL(`__fixtures__/${name}`, import.meta.url));
const expected: Readonly<Record<string, Readonly<Record<string, ExpectedTensor>>>> = JSON.parse(
  await readFile(fixture("expected.json"), "utf8"),
);

const dtypes: Readonly<Record<string, string>> = {
  "torch.float64": "F64",
  "torch.float32": "F32",
  "torch.float16": "F16",
  "torch.bfloat16": "BF16",
  "torch.int64": "I64",
  "torch.int32": "I32",
  "torch.int16": "I16",
  "torch.int8": "I8",
  "torch.uint8": "U8",
  "torch.bool": "BOOL",
};

/** The numbers of an entry; those of 16 bits by the definition of their bits. */
function numbersOf({ dtype, data }: SafetensorsEntry): number[] {
  if (dtype === "BF16") {
    return Array.from(data as Uint16Array, (bits) => {
      const view = new DataView(new ArrayBuffer(4));
      view.setUint32(0, bits * 2 ** 16);
      return view.getFloat32(0);
    });
  }
  if (dtype === "F16") {
    return Array.from(data as Uint16Array, (bits) => {
      const exponent = (bits >> 10) & 31;
      const fraction = bits & 1023;
      const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
      return bits >> 15 ? -size : size;
    });
  }
  return Array.from(data as Iterable<number | bigint>, Number);
}

describe("files that PyTorch wrote", () => {
  it.each(["kinds.pth", "views.pth", "checkpoint.pth", "protocol-4.pth", "one-tensor.pth"])(
    "%s: every tensor, by its way",
    async (name) => {
      const wanted = expected[name] ?? {};
      for (const from of [fixture(name), new Uint8Array(await readFile(fixture(name)))]) {
        const tensors = await readPth(from);
        expect([...tensors.keys()].sort()).toEqual(Object.keys(wanted).sort());
        for (const [key, { dtype, shape, values }] of Object.entries(wanted)) {
          const entry = tensors.get(key) as SafetensorsEntry;
          expect([key, entry.dtype, entry.shape]).toEqual([key, dtypes[dtype], shape]);
          expect(numbersOf(entry)).toEqual(values);
        }
      }
    },
  );

  it("are listed before anything is read, and read in parts", async () => {
    const file = await openPth(fixture("checkpoint.pth"));
    expect(file.tensors.get("model.module.conv1.weight")).toEqual({ dtype: "F32", shape: [2, 1, 3, 3] });
    const part = await file.read(["model.module.bn1.bias"]);
    expect([...part.keys()]).toEqual(["model.module.bn1.bias"]);
    await expect(file.read(["model.conv1.weight"])).rejects.toThrow(InvalidOptionError);
    await file.close();
  });

  it("share nothing with the file's bytes unless these lie in order and aligned", async () => {
    const bytes = new Uint8Array(await readFile(fixture("views.pth")));
    const before = bytes.slice();
    const tensors = await readPth(bytes);
    const transposed = tensors.get("transposed") as SafetensorsEntry;
    (transposed.data as Float32Array).fill(9);
    expect(bytes).toEqual(before);
  });

  it("are read at any place in memory", async () => {
    const file = await readFile(fixture("kinds.pth"));
    const shifted = new Uint8Array(file.byteLength + 1);
    shifted.set(file, 1);
    const tensors = await readPth(shifted.subarray(1));
    expect(numbersOf(tensors.get("float64") as SafetensorsEntry)).toEqual(
      expected["kinds.pth"]?.float64?.values,
    );
  });
});

describe("what is not read", () => {
  const refused = async (name: string): Promise<UnsupportedFileError> => {
    const error = await readPth(fixture(name)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnsupportedFileError);
    return error as UnsupportedFileError;
  };

  it.each([
    ["evil.pth", "posix.system"],
    ["sneaky.pth", "__builtin__.getattr"],
    ["namespace.pth", "argparse.Namespace"],
    ["module.pth", "torch.nn.modules.container.Sequential"],
    ["legacy.pth", "the format of torch.save before PyTorch 1.6"],
    ["script.pth", "a TorchScript archive"],
  ])("%s, for %s", async (name, what) => {
    const error = await refused(name);
    expect(error.refused).toBe(what);
    expect(error.path).toBe(fixture(name));
  });

  it("runs nothing", async () => {
    await rm("/tmp/blockwise-was-here", { force: true });
    await refused("evil.pth");
    await readPth(fixture("evil.pth"), { opaque: ["posix.system"] });
    await expect(readFile("/tmp/blockwise-was-here")).rejects.toThrow("ENOENT");
  });

  it("reads past names that are listed, and finds the tensors beside them", async () => {
    const tensors = await readPth(fixture("namespace.pth"), { opaque: ["argparse.Namespace"] });
    expect([...tensors.keys()]).toEqual(["w"]);
  });

  it("says what is no such file at all", async () => {
    await expect(readPth(new TextEncoder().encode("hello"))).rejects.toThrow(MalformedFileError);
    await expect(readPth(new Uint8Array())).rejects.toThrow(MalformedFileError);
    await expect(readPth("/nowhere/weights.pth")).rejects.toThrow(StorageError);
    await expect(readPth(new Uint8Array(), { maximumBytes: -1 })).rejects.toThrow(InvalidOptionError);
  });

  it("takes no more memory than it may", async () => {
    const file = await openPth(fixture("views.pth"), { maximumBytes: 24 * 4 });
    await expect(file.read()).rejects.toThrow(InvalidOptionError);
    expect((await file.read(["base"])).size).toBe(1);
    await file.close();
  });
});
