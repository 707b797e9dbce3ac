import type { Options } from "tsup";

/** What every package builds alike: ESM for Node 20, one file an entry; `tsc` writes the declarations. */
export const base: Options = {
  entry: ["src/index.ts"],
  format: ["esm"],
  target: "es2022",
  dts: false,
  sourcemap: true,
  clean: true,
};
