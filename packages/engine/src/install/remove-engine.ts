import { existsSync } from "node:fs";
import { enginesFolder, type InstalledVariant, installedEngineFolder } from "../installed/engines-folder.js";
import { takeAway, whileLocked } from "./staging.js";

/**
 * Removes an installed engine with all its files.
 *
 * @returns whether there was one
 * @throws EngineInstallError while an installation is at work
 */
export async function removeEngine(
  variant: InstalledVariant,
  folder: string = enginesFolder(),
): Promise<boolean> {
  const place = installedEngineFolder(variant, folder);
  if (!existsSync(folder)) return false;
  return whileLocked(folder, async () => {
    if (!existsSync(place)) return false;
    await takeAway(place);
    return true;
  });
}
