import { z } from "zod";
import { count } from "./quantities.js";

/** What makes a head's output the embedding that the loss sees. */
export const projectorSection = z.strictObject({ widths: z.array(count).min(1) });
