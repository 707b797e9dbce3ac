import { z } from "zod";
import { count } from "./quantities.js";

const balanced = z.strictObject({ blocks: count, balance: z.enum(["compute", "memory"]) });

/** So many blocks, cut where they cost alike; settled to lists of units when a run is wired. */
export type BalancedPartition = z.infer<typeof balanced>;

/** How the backbone is cut into blocks. */
export const partitionSection = z.union([
  z.enum(["stages", "end-to-end", "units"]),
  count,
  z.array(z.array(z.string()).min(1)).min(1),
  balanced,
]);

/** Whether a partition is still to be settled. */
export function isBalanced(partition: z.infer<typeof partitionSection>): partition is BalancedPartition {
  return typeof partition === "object" && !Array.isArray(partition);
}
