import { basename } from "node:path";
import type { CorruptionResultV1, SimilarityResultV1 } from "@blockwise/report";
import type { JsonObject } from "@blockwise/spec";
import type { CorruptionRecord } from "../evaluation/corruptions.js";
import type { SimilarityRecord } from "../evaluation/similarity.js";
import { evaluationFile, readJsonIfThere } from "../run/run-folder.js";

/** What a run has come to by the protocols that nobody has to run. */
export interface RobustnessOutcome {
  /** Parts of the run's result: those that are there. */
  readonly results: { readonly corruptions?: CorruptionResultV1; readonly similarity?: SimilarityResultV1 };
  /** How they were come by, by the protocol's name. */
  readonly protocol: JsonObject;
}

/** Reads what the protocols `corruptions` and `similarity` have found about a run, where they have. @throws StorageError */
export async function readRobustness(folder: string): Promise<RobustnessOutcome> {
  const corruptions = await readJsonIfThere<CorruptionRecord>(evaluationFile(folder, "corruptions"));
  const similarity = await readJsonIfThere<SimilarityRecord>(evaluationFile(folder, "similarity"));
  return {
    results: {
      ...(corruptions === null ? {} : { corruptions: corruptionResult(corruptions) }),
      ...(similarity === null ? {} : { similarity: similarityResult(similarity) }),
    },
    protocol: {
      ...(corruptions === null ? {} : { corruptions: corruptions.protocol }),
      ...(similarity === null ? {} : { similarity: similarity.protocol }),
    },
  };
}

function corruptionResult({ blocks, against, protocol }: CorruptionRecord): CorruptionResultV1 {
  return {
    severities: protocol.severities as readonly number[],
    against: against === null ? null : basename(against),
    blocks: blocks.map(({ block, clean, byCorruption, mean, against: compared }) => ({
      block,
      clean,
      byCorruption,
      mean,
      against: compared && {
        meanCorruptionError: compared.meanCorruptionError,
        relativeMeanCorruptionError: compared.relativeMeanCorruptionError,
      },
    })),
  };
}

function similarityResult({ blocks, within, against }: SimilarityRecord): SimilarityResultV1 {
  return { blocks, within, against: against && { ...against, run: basename(against.run) } };
}
