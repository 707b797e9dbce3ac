import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildLibrary } from "./build-library.js";
import { loadLibrary } from "./index.js";

const built = buildLibrary();

test("a compiler that is not there is named", () => {
  const { built, reason } = buildLibrary({
    compiler: "no-such-compiler",
    output: "/nonexistent/blockwise.node",
  });
  expect(built).toBe(false);
  expect(reason).toContain('"no-such-compiler"');
});

test("an architecture without kernels is named", () => {
  const { built, reason } = buildLibrary({ arch: "mips", output: "/nonexistent/blockwise.node" });
  expect(built).toBe(false);
  expect(reason).toContain("mips");
});

test("a system without kernels is named, as is Windows without what leads to Node's functions", () => {
  for (const platform of ["sunos", "win32"]) {
    const { built, reason } = buildLibrary({ platform, output: "/nonexistent/blockwise.node" });
    expect(built).toBe(false);
    expect(reason).toContain(platform);
  }
});

test("the library that was compiled here comes first", () => {
  const loaded = loadLibrary();
  if (built.built) expect(loaded).toMatchObject({ available: true, origin: "built", file: built.file });
  else if (loaded.available) expect(loaded.origin).toBe("prebuilt");
  else expect(loaded.howToGet).toContain("compiler");
});

describe.skipIf(!built.built)(
  `the library${built.reason === null ? "" : ` (skipped: ${built.reason})`}`,
  () => {
    const loaded = loadLibrary();
    if (!loaded.available) return;
    const { library } = loaded;

    test("multiplies on every instruction set that this processor has", () => {
      const heap = new ArrayBuffer(4096);
      const values = new Float32Array(heap);
      for (const instructions of library.instructions()) {
        expect(library.start(2, instructions)).toBe(instructions);
        values.set([1, 2, 3, 4, 5, 6], 16);
        values.set([1, 10, 100], 32);
        library.multiply(heap, 64, 128, 192, 2, 1, 3, 0, 0);
        expect([...values.subarray(48, 50)]).toEqual([321, 654]);
        library.multiply(heap, 64, 128, 192, 3, 3, 1, 0, 0);
        expect([...values.subarray(48, 57)]).toEqual([1, 10, 100, 2, 20, 200, 3, 30, 300]);
      }
    });

    test.runIf(process.platform === "linux" && process.arch === "x64")(
      "finds the instruction sets that the system speaks of",
      () => {
        const [, flags = ""] = readFileSync("/proc/cpuinfo", "utf8").match(/^flags\s*:(.*)$/m) ?? [];
        const has = (...names: readonly string[]) => names.every((name) => flags.split(" ").includes(name));
        const v2 = has("cx16", "lahf_lm", "pni", "popcnt", "sse4_1", "sse4_2", "ssse3");
        const v3 = v2 && has("abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe", "xsave");
        const v4 = v3 && has("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl");
        const expected = [...(v4 ? ["avx512"] : []), ...(v3 ? ["avx2"] : []), ...(v2 ? ["sse4.2"] : [])];
        expect(library.instructions()).toEqual(expected);
      },
    );

    test("refuses what is no call of a kernel", () => {
      const unsafe = library as unknown as Record<string, (...values: unknown[]) => unknown>;
      library.start(1, "");
      expect(() => unsafe.multiply?.(new ArrayBuffer(8), 1)).toThrow("number of arguments");
      expect(() => unsafe.multiply?.({}, 0, 0, 0, 0, 0, 0, 0, 0)).toThrow("ArrayBuffer");
      expect(() => unsafe.multiply?.(new ArrayBuffer(8), "0", 0, 0, 0, 0, 0, 0, 0)).toThrow("not a number");
      expect(() => library.start(0, "")).toThrow("1 to 1024");
      expect(() => library.start(1, "mmx")).toThrow("lacks");
    });
  },
);
