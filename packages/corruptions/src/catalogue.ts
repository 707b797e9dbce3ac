import type { CorruptionFactory } from "./corruption-definition.js";
import { brightness } from "./corruptions/brightness.js";
import { contrast } from "./corruptions/contrast.js";
import { defocusBlur } from "./corruptions/defocus-blur.js";
import { elasticTransform } from "./corruptions/elastic-transform.js";
import { fog } from "./corruptions/fog.js";
import { frost } from "./corruptions/frost.js";
import { gaussianNoise } from "./corruptions/gaussian-noise.js";
import { glassBlur } from "./corruptions/glass-blur.js";
import { impulseNoise } from "./corruptions/impulse-noise.js";
import { jpegCompression } from "./corruptions/jpeg-compression.js";
import { motionBlur } from "./corruptions/motion-blur.js";
import { pixelate } from "./corruptions/pixelate.js";
import { shotNoise } from "./corruptions/shot-noise.js";
import { snow } from "./corruptions/snow.js";
import { zoomBlur } from "./corruptions/zoom-blur.js";

/** The name of a corruption. */
export type CorruptionName =
  | "gaussian-noise"
  | "shot-noise"
  | "impulse-noise"
  | "defocus-blur"
  | "glass-blur"
  | "motion-blur"
  | "zoom-blur"
  | "snow"
  | "frost"
  | "fog"
  | "brightness"
  | "contrast"
  | "elastic-transform"
  | "pixelate"
  | "jpeg-compression";

/** Makes corruptions by their names; the benchmark's order: noise, blur, weather, digital. */
export const corruptionFactories: Readonly<Record<CorruptionName, CorruptionFactory>> = {
  "gaussian-noise": gaussianNoise,
  "shot-noise": shotNoise,
  "impulse-noise": impulseNoise,
  "defocus-blur": defocusBlur,
  "glass-blur": glassBlur,
  "motion-blur": motionBlur,
  "zoom-blur": zoomBlur,
  snow,
  frost,
  fog,
  brightness,
  contrast,
  "elastic-transform": elasticTransform,
  pixelate,
  "jpeg-compression": jpegCompression,
};

/** All names, in the benchmark's order. */
export const corruptionNames: readonly CorruptionName[] = Object.keys(
  corruptionFactories,
) as CorruptionName[];
