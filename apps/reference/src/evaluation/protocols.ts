import { InvalidOptionError } from "@blockwise/spec";
import { corruptions } from "./corruptions.js";
import type { EvaluationProtocol } from "./evaluation-protocol.js";
import { evaluators } from "./evaluators.js";
import { fineTuneProtocol } from "./fine-tune.js";
import { linear } from "./linear.js";
import { probes } from "./probes.js";
import { semiSupervised } from "./semi-supervised.js";
import { similarity } from "./similarity.js";

/** What `evaluate` runs where no protocol is named; the headline reads its file. */
export const defaultProtocol = "probes";

/** All protocols, by name. */
export const protocols: ReadonlyMap<string, EvaluationProtocol> = new Map(
  [probes, linear, fineTuneProtocol, semiSupervised, corruptions, similarity, evaluators].map((protocol) => [
    protocol.name,
    protocol,
  ]),
);

/** The protocols of such names, each once, in this order. @throws InvalidOptionError for a name that is none's. */
export function chooseProtocols(names: readonly string[]): readonly EvaluationProtocol[] {
  return [...new Set(names)].map((name) => {
    const protocol = protocols.get(name);
    if (protocol !== undefined) return protocol;
    throw new InvalidOptionError({
      option: "protocol",
      expected: `one of ${[...protocols.keys()].join(", ")}`,
      received: name,
    });
  });
}
