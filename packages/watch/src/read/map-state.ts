import type { FeatureMap, FeatureMapLine, MapImages } from "../record/feature-map.js";
import type { LineListener } from "./line-tail.js";
import { asNumber, asObject, asStep } from "./read-whole.js";

const mostMaps = 256;
const mostBlocks = 64;
/** Coordinates: twice as many as a map may have images. */
const mostCoordinates = 2000;

/** What `maps.jsonl` has come to. */
export class MapState implements LineListener {
  #maps: FeatureMapLine[] = [];

  /** By step, ascending. */
  get maps(): readonly FeatureMapLine[] {
    return this.#maps;
  }

  onReset(): void {
    this.#maps = [];
  }

  onLine(line: Readonly<Record<string, unknown>>): void {
    const step = asStep(line.step);
    if (step === null || !Array.isArray(line.blocks) || this.#maps.length >= mostMaps) return;
    const blocks = line.blocks.slice(0, mostBlocks).flatMap((entry) => {
      const map = mapOf(entry);
      return map === null ? [] : [facing(map, this.#before(map.block))];
    });
    if (blocks.length > 0) this.#maps.push({ step, blocks });
  }

  #before(block: string): FeatureMap | null {
    return this.#maps.at(-1)?.blocks.find((map) => map.block === block) ?? null;
  }
}

function mapOf(entry: unknown): FeatureMap | null {
  const { block, points, explained } = asObject(entry) ?? {};
  if (typeof block !== "string" || !Array.isArray(points) || !Array.isArray(explained)) return null;
  if (points.length % 2 !== 0 || points.length > mostCoordinates) return null;
  return {
    block,
    points: points.map((value) => asNumber(value) ?? 0),
    explained: [asNumber(explained[0]) ?? 0, asNumber(explained[1]) ?? 0],
  };
}

/** The same map with its axes turned over where that brings it nearer to the one before: their signs mean nothing. */
function facing(map: FeatureMap, before: FeatureMap | null): FeatureMap {
  if (before === null || before.points.length !== map.points.length) return map;
  const agreement = [0, 0];
  for (const [place, value] of map.points.entries()) {
    agreement[place % 2] = (agreement[place % 2] ?? 0) + value * (before.points[place] ?? 0);
  }
  return {
    ...map,
    points: map.points.map((value, place) => ((agreement[place % 2] ?? 0) < 0 ? -value || 0 : value)),
  };
}

/** What `map-images.json` says; null where it says nothing of use. */
export function mapImagesOf(value: Readonly<Record<string, unknown>> | null): MapImages | null {
  if (value === null) return null;
  const { labels, classNames, description } = value;
  const areLabels = Array.isArray(labels) && labels.every((label) => Number.isSafeInteger(label));
  const areNames = Array.isArray(classNames) && classNames.every((name) => typeof name === "string");
  return {
    labels: areLabels ? labels.slice(0, mostCoordinates / 2) : null,
    classNames: areNames ? classNames : null,
    description: typeof description === "string" ? description : "",
  };
}
