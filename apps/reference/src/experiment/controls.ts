import type { RunConfig } from "../config/schema.js";

/** What a blockwise network is compared with. */
export type ControlName = "end-to-end" | "random";

/** The configuration of each control of a run: all else is the same. */
export const controls: Readonly<Record<ControlName, <Config extends RunConfig>(config: Config) => Config>> = {
  "end-to-end": (config) => ({ ...config, partition: "end-to-end" }),
  random: (config) => ({ ...config, epochs: 0 }),
};
