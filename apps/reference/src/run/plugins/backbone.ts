import { resnet } from "@blockwise/backbone-resnet";
import type { BackboneV1 } from "@blockwise/spec";
import type { ImageResolvedConfig } from "../../config/schema.js";
import { pluginFromPackage } from "./from-package.js";

/** The backbone for images of so many channels. @throws InvalidOptionError, and as `pluginFromPackage` does */
export async function createBackbone(
  network: ImageResolvedConfig["network"],
  inputChannels: 1 | 3,
): Promise<BackboneV1> {
  if (!("package" in network)) return resnet({ ...network, inputChannels });
  const settled = { inputChannels };
  return pluginFromPackage({ kind: "backbone", field: "network", choice: network, settled });
}
