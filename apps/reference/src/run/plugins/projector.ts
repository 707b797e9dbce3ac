import { mlpProjector } from "@blockwise/heads";
import type { ProjectorV1 } from "@blockwise/spec";
import type { ProjectorConfig } from "../../config/sections/projector.js";
import { pluginFromPackage } from "./from-package.js";

/** The projector of one block. @throws InvalidOptionError, and as `pluginFromPackage` does */
export async function createProjector(projector: ProjectorConfig): Promise<ProjectorV1> {
  if (typeof projector === "string" || "package" in projector) {
    return pluginFromPackage({ kind: "projector", field: "projector", choice: projector });
  }
  return mlpProjector(projector);
}
