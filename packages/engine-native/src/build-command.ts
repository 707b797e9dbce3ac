#!/usr/bin/env node
import { parseArgs } from "node:util";
import { buildLibrary } from "./build-library.js";

/*
 * Compiles the kernels for this machine. With --optional, a machine without a C compiler is no failure: the package then has no
 * library, and says so when it is loaded.
 */
const { values } = parseArgs({
  options: {
    optional: { type: "boolean", default: false },
    compiler: { type: "string" },
    arch: { type: "string" },
    output: { type: "string" },
  },
});
const { optional, ...options } = values;
const { built, file, reason } = buildLibrary(options);
if (built) console.log(`The native kernels are in ${file}.`);
else console.error(`There are no native kernels, and "auto" takes another engine: ${reason}`);
if (!built && !optional) process.exitCode = 1;
