export { type Batch, createLoader, type Loader } from "./create-loader.js";
export type { LoaderReport } from "./input-tally.js";
export type { LoaderOptions } from "./loader-options.js";
