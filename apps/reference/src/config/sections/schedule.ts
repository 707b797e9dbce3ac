import { z } from "zod";
import { fraction } from "./quantities.js";

/** How the learning rate goes up and down. */
export const scheduleSection = z.strictObject({ warmupFraction: fraction, finalFactor: fraction });
