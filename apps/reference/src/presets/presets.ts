import type { RunConfig } from "../config/schema.js";
import { cifar10 } from "./cifar10.js";
import { fashionMnist } from "./fashion-mnist.js";
import { folder } from "./folder.js";
import { full } from "./full.js";
import { paperImagenet } from "./paper-imagenet.js";
import { paperImagenetSimclr } from "./paper-imagenet-simclr.js";
import { paperImagenetVicreg } from "./paper-imagenet-vicreg.js";
import { quick } from "./quick.js";
import { smoke } from "./smoke.js";

/** What `--preset` can name. */
export type PresetName =
  | "cifar10"
  | "fashion-mnist"
  | "folder"
  | "full"
  | "paper-imagenet"
  | "paper-imagenet-simclr"
  | "paper-imagenet-vicreg"
  | "quick"
  | "smoke";

/** Whole configurations, by name. */
export const presets: Readonly<Record<PresetName, RunConfig>> = {
  smoke,
  quick,
  full,
  cifar10,
  "fashion-mnist": fashionMnist,
  folder,
  "paper-imagenet": paperImagenet,
  "paper-imagenet-simclr": paperImagenetSimclr,
  "paper-imagenet-vicreg": paperImagenetVicreg,
};
