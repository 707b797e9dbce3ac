import { rm } from "node:fs/promises";
import type { ClassifierScore, SoftmaxClassifier } from "@blockwise/evaluate";
import { readSafetensors, type SafetensorsEntry, writeSafetensors } from "@blockwise/safetensors";
import type { JsonObject } from "@blockwise/spec";
import { isAbsent } from "../run/is-absent.js";

/** A classifier and how it has fared so far. */
export interface ProbedSite {
  /** `"layer1.raw"`. */
  readonly name: string;
  readonly classifier: SoftmaxClassifier;
  /** On the held-out images, one an epoch. */
  readonly scores: ClassifierScore[];
}

/** Keeps what the epochs so far have come to, so that an interruption costs one epoch at most. */
export async function writeLinearState(
  file: string,
  protocol: JsonObject,
  sites: readonly ProbedSite[],
): Promise<void> {
  const tensors: [string, SafetensorsEntry][] = [];
  for (const { name, classifier } of sites) {
    for (const [slot, data] of Object.entries(await classifier.state())) {
      const shape = [classifier.classCount, classifier.dim + 1];
      tensors.push([`${name}.${slot}`, { dtype: "F32", shape, data }]);
    }
  }
  const scores = Object.fromEntries(sites.map((site) => [site.name, site.scores]));
  await writeSafetensors(file, {
    tensors,
    metadata: { protocol: JSON.stringify(protocol), scores: JSON.stringify(scores) },
  });
}

/**
 * Takes over what an interrupted evaluation by the same protocol of the same weights has kept; how many epochs that are. 0
 * where there is nothing to go on from.
 *
 * @throws MalformedFileError, StorageError for a file that is there and cannot be read
 */
export async function readLinearState(
  file: string,
  protocol: JsonObject,
  sites: readonly ProbedSite[],
): Promise<number> {
  const kept = await readSafetensors(file).catch((error: unknown) => {
    if (isAbsent(error)) return null;
    throw error;
  });
  if (kept === null) return 0;
  const { tensors, metadata } = kept;
  if (metadata.protocol !== JSON.stringify(protocol)) return 0;
  const scores = JSON.parse(metadata.scores ?? "{}") as Record<string, readonly ClassifierScore[]>;
  for (const site of sites) {
    const weights = tensors.get(`${site.name}.weights`)?.data;
    const velocity = tensors.get(`${site.name}.velocity`)?.data;
    if (!(weights instanceof Float32Array && velocity instanceof Float32Array)) return 0;
    site.classifier.restore({ weights, velocity });
    site.scores.push(...(scores[site.name] ?? []));
  }
  return sites[0]?.scores.length ?? 0;
}

/** Removes what was kept, once the result is there. */
export async function removeLinearState(file: string): Promise<void> {
  await rm(file, { force: true });
}
