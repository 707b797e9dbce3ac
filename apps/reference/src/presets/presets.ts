import type { RunConfig } from "../config/schema.js";
import { full } from "./full.js";
import { quick } from "./quick.js";
import { smoke } from "./smoke.js";

/** What `--preset` can name. */
export type PresetName = "full" | "quick" | "smoke";

/** Whole configurations, by name. */
export const presets: Readonly<Record<PresetName, RunConfig>> = { smoke, quick, full };
