import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A loss from a package, which ends its thread while a file is there. */
export interface DyingLoss {
  /** For the configuration's field `loss`. */
  readonly loss: { readonly kind: "package"; readonly package: string };
  /** Lets it live from now on. */
  heal(): Promise<void>;
}

/** Writes a loss that ends its thread with code 7 at a step of a block, until it is healed. */
export async function writeDyingLoss(
  folder: string,
  { block, step }: { readonly block: number; readonly step: number },
): Promise<DyingLoss> {
  const path = join(folder, "dying-loss.mjs");
  const illness = join(folder, "dying");
  const vicreg = new URL("../../../packages/loss-vicreg/dist/index.js", import.meta.url);
  await writeFile(illness, "");
  await writeFile(
    path,
    `import { existsSync } from "node:fs";
    import { vicreg } from ${JSON.stringify(vicreg.href)};
    export function dying() {
      const loss = vicreg();
      return { ...loss, id: "dying", doCompute: (input) => {
        const isDue = input.site.blockIndex === ${block} && input.step === ${step};
        if (isDue && existsSync(${JSON.stringify(illness)})) process.exit(7);
        return loss.doCompute(input);
      } };
    }`,
  );
  return { loss: { kind: "package", package: path }, heal: () => rm(illness) };
}
