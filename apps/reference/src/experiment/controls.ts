import type { RunConfig } from "../config/schema.js";
import { lastChoice } from "../config/sections/per-block.js";

/** What a blockwise network is compared with. */
export type ControlName = "end-to-end" | "random";

/** The configuration of each control of a run: all else is the same. */
export const controls: Readonly<Record<ControlName, <Config extends RunConfig>(config: Config) => Config>> = {
  // One block: of what is chosen block by block, the last one's, whose features the network is used for.
  "end-to-end": (config) => ({
    ...config,
    partition: "end-to-end",
    timetable: "simultaneous",
    head: lastChoice(config.head),
    projector: lastChoice(config.projector),
    loss: lastChoice(config.loss),
    noise: lastChoice(config.noise),
  }),
  random: (config) => ({ ...config, timetable: "simultaneous", epochs: 0 }),
};
