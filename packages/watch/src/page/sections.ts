import { healthSection, lossSection, onlineSection, termsSection } from "./learning-sections.js";
import { mapSection } from "./map-section.js";
import { pairsSection } from "./pairs-section.js";
import { scoresSection, settingsSection } from "./scores-section.js";
import type { Section } from "./section.js";
import { speedSection } from "./speed-section.js";
import { statusSection } from "./status-section.js";

/** The parts of a run's page, from top to bottom. */
export const sections: readonly Section[] = [
  statusSection,
  lossSection,
  onlineSection,
  mapSection,
  healthSection,
  termsSection,
  speedSection,
  pairsSection,
  scoresSection,
  settingsSection,
];
