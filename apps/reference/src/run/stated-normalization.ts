import { defaultNormalization, type Normalization } from "@blockwise/augment";
import { InvalidOptionError } from "@blockwise/spec";
import type { NormalizationConfig } from "../config/sections/data.js";

/** What images are normalised by where that is not measured. */
export type StatedNormalization = Exclude<NormalizationConfig, "measured">;

/** By name; one number stands for all channels. */
const named: Readonly<Record<"cifar-10" | "half" | "none", Normalization>> = {
  "cifar-10": { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  half: { mean: [0.5], std: [0.5] },
  none: { mean: [0], std: [1] },
};

/**
 * Mean and deviation of each channel, of values from 0 to 1: ImageNet's, CIFAR-10's, 0.5 and 0.5, 0 and 1, or those that
 * are given, one number for each channel or for all.
 *
 * @throws InvalidOptionError where there are more or fewer than the images' channels
 */
export function statedNormalization(stated: StatedNormalization, channels: 1 | 3): Normalization {
  if (stated === "imagenet") return defaultNormalization(channels);
  const { mean, std } = typeof stated === "string" ? named[stated] : stated;
  const all = (values: readonly number[]): readonly number[] => {
    if (values.length === channels) return values;
    if (values.length === 1) return Array.from({ length: channels }, () => values[0] as number);
    throw new InvalidOptionError({
      option: "data.normalization",
      expected: `one mean and deviation, or ${channels}, for images of ${channels} channel${channels === 1 ? "" : "s"}`,
      received: stated,
    });
  };
  return { mean: all(mean), std: all(std) };
}

/**
 * Reads what a command line says: a name, or means and deviations as `0.5,0.5,0.5/0.25,0.25,0.25`. Names are checked with
 * the rest of the configuration.
 *
 * @throws InvalidOptionError for what is neither
 */
export function parseNormalization(text: string): string | Normalization {
  if (/^[a-z][a-z0-9-]*$/.test(text)) return text;
  const [mean = [], std = [], ...more] = text
    .split("/")
    .map((part) => part.split(",").map((word) => (word.trim() === "" ? Number.NaN : Number(word))));
  const isGood = (values: readonly number[]): boolean => values.length > 0 && values.every(Number.isFinite);
  if (more.length === 0 && isGood(mean) && isGood(std) && std.every((value) => value > 0))
    return { mean, std };
  throw new InvalidOptionError({
    option: "normalization",
    expected:
      "a name (imagenet, cifar-10, half, none), or means and deviations such as 0.5,0.5,0.5/0.25,0.25,0.25",
    received: text,
  });
}
