import { z } from "zod";
import { count } from "./quantities.js";

/** How the backbone is cut into blocks. */
export const partitionSection = z.union([
  z.enum(["stages", "end-to-end", "units"]),
  count,
  z.array(z.array(z.string()).min(1)).min(1),
]);
