import { z } from "zod";

/** What says which plugin a package or file is to make. */
export const packageFields = {
  kind: z.literal("package"),
  /** An installed package, or a file: a path that begins with a dot or a slash. Both are found from the working directory. */
  package: z.string().min(1),
  /** The factory among its exports; not needed where it has one. */
  export: z.string().min(1).exactOptional(),
  /** Given to the factory. */
  options: z.record(z.string(), z.json()).exactOptional(),
};

/** A plugin that a package or file makes. */
export const packageChoice = z.strictObject(packageFields);

/** The name of a package or file alone, whose plugin has no options to give. */
export const packageName = z.string().min(1);

/** A plugin that a package or file makes. */
export type PackageConfig = z.infer<typeof packageChoice>;
