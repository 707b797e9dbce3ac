import { mlpProjector } from "@blockwise/heads";
import type { ProjectorV1 } from "@blockwise/spec";
import type { ProjectorConfig } from "../../config/sections/projector.js";

/** The projector of one block. @throws InvalidOptionError */
export function createProjector(projector: ProjectorConfig): ProjectorV1 {
  return mlpProjector(projector);
}
