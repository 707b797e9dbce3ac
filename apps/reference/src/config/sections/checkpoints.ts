import { z } from "zod";
import { count } from "./quantities.js";

/** How often a run is saved, and how many checkpoints stay. */
export const checkpointsSection = z.strictObject({ everySteps: count, keep: count });
