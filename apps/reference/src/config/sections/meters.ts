import { z } from "zod";
import { count } from "./quantities.js";

/** How often the health of blocks is measured; null for never. */
export const metersSection = z.strictObject({ everySteps: count }).nullable();
