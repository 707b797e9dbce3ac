import { z } from "zod";

/** A whole number above 0. */
export const count = z.int().positive();

/** From 0 to 1. */
export const fraction = z.number().min(0).max(1);
