import { fold, generator, rootKey } from "@blockwise/random";
import type { RandomGenerator } from "@blockwise/spec";
import { presets } from "../../presets/presets.js";

const simclr = { kind: "simclr", temperature: 0.5 };
const named = (name: string, more: object = {}): object => ({ kind: "package", package: name, ...more });

/** Configurations that hold every choice there is, by the packages of a folder. */
function validConfigs(packages: readonly string[]): readonly object[] {
  const [own = ""] = packages;
  return [
    ...Object.values(presets),
    {
      partition: { blocks: 2, balance: "compute" },
      timetable: { starts: [0, 0.5], stops: [0.5, 1] },
      head: { perBlock: [{ kind: "global-pool" }, { kind: "local-pool", grid: "auto", dim: 64 }] },
      noise: { perBlock: [null, { kind: "hw", standardDeviation: 0.25 }] },
      loss: {
        kind: "weighted-sum",
        losses: [
          { weight: 1, loss: { kind: "look-ahead", loss: simclr, weight: 0.5 } },
          { weight: 2, loss: { kind: "greedy-infomax", grid: 3, negatives: "all" } },
          { weight: 0, loss: named(own, { options: { scale: 2 } }) },
        ],
      },
    },
    {
      data: { dataset: named(own, { heldOut: { phase: 1 } }) },
      network: named(own),
      schedule: own,
      augmentation: named(own, { options: { reach: 2 }, export: "made", flip: true }),
      optimizer: named(own, { learningRate: 0.1 }),
      loss: { perBlock: [own, simclr, { kind: "cross-entropy", labelSmoothing: 0.1 }] },
      evaluation: { evaluators: [own, named(own)] },
    },
    { optimizer: { kind: "lars", learningRate: 1, momentum: 0.9, weightDecay: 0, trustCoefficient: 1, clip: true } },
  ];
}

const texts = ["", "\u0000", "NaN", "\ud800", "é\u0301‮", "auto", "__proto__", "../../../etc/passwd", "1e999", "x".repeat(5000)];
const keys = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "", "0", "length", "kind", "perBlock", "ключ"];
const numbers = [0, -0, -1, 0.5, 1e-320, 3, 1e9, 2 ** 31, 2 ** 53, 1.7e308, -1.7e308];

/** One of a list. */
function pick<T>(random: RandomGenerator, list: readonly T[]): T {
  return list[random.integer(list.length)] as T;
}

function hostileValue(random: RandomGenerator, packages: readonly string[], depth = 0): unknown {
  const choices: readonly (() => unknown)[] = [
    () => pick(random, texts),
    () => pick(random, numbers),
    () => pick(random, [true, false, null]),
    () => pick(random, packages),
    () => named(pick(random, packages), { options: { [pick(random, keys)]: pick(random, numbers) } }),
    () => nested(2 ** random.integer(10), pick(random, [simclr, 3, "auto"])),
    () => Array.from({ length: random.integer(40) }, () => pick(random, numbers)),
    () => (depth > 3 ? null : Array.from({ length: random.integer(4) }, () => hostileValue(random, packages, depth + 1))),
    () => (depth > 3 ? null : own(pick(random, keys), hostileValue(random, packages, depth + 1))),
  ];
  return pick(random, choices)();
}

/** An object with a field of its own, of whatever name. */
function own(key: string, value: unknown): object {
  return Object.defineProperty({}, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Losses within losses, which are what configurations nest. */
function nested(levels: number, inner: unknown): unknown {
  let value = inner;
  for (let level = 0; level < levels; level++) value = { kind: "look-ahead", loss: value };
  return value;
}

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesIn(value: unknown, found: Place[] = []): readonly Place[] {
  if (typeof value !== "object" || value === null) return found;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key });
    placesIn(holder[key], found);
  }
  return found;
}

function mutate(config: object, random: RandomGenerator, packages: readonly string[]): void {
  const places = placesIn(config);
  if (places.length === 0) return;
  const { holder, key } = pick(random, places);
  const other = pick(random, places);
  const set = (name: string, value: unknown): unknown =>
    Reflect.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
  // Values are changed in their turn: none may be in two places.
  const fresh = (): unknown => structuredClone(hostileValue(random, packages));
  const actions: readonly (() => unknown)[] = [
    () => set(key, fresh()),
    () => set(key, fresh()),
    () => Reflect.deleteProperty(holder, key),
    () => (Array.isArray(holder) ? null : set(pick(random, keys), fresh())),
    () => set(key, structuredClone(other.holder[other.key])),
    () => set(key, [holder[key]]),
  ];
  pick(random, actions)();
}

/** Breaks a text where it may no longer be JSON, or says what JSON can and objects cannot. */
function garble(text: string, random: RandomGenerator): string {
  const at = random.integer(text.length + 1);
  const inserts = ["NaN", "\ufeff", "\u0000", "-", '"', "{", "1e999", ',"seed":1,"seed":2', "[".repeat(20_000)];
  const actions: readonly (() => string)[] = [
    () => text.slice(0, at),
    () => text.slice(0, at) + pick(random, inserts) + text.slice(at),
    () => text.slice(0, at) + text.slice(at + 1 + random.integer(5)),
    () => `{"loss":${"[".repeat(30_000)}${"]".repeat(30_000)}}`,
    () => text.replace(/\d+/, pick(random, ["1e999", "-0", "00", "9".repeat(400)])),
  ];
  return pick(random, actions)();
}

/** The text of one configuration: a valid one, with one to four changes for the worse. Keyed by its number. */
export function hostileConfig(number: number, packages: readonly string[]): string {
  const random = generator(fold(rootKey(5), "hostile configuration", number));
  const config = structuredClone(pick(random, validConfigs(packages)));
  const changes = random.integer(5);
  for (let change = 0; change < changes; change++) mutate(config, random, packages);
  const text = JSON.stringify(config);
  return random.integer(8) === 0 ? garble(text, random) : text;
}
