import { basename } from "node:path";
import { createNetwork, importWeights, saveCheckpoint } from "@blockwise/core";
import { createEngine } from "@blockwise/engine";
import { nameCheckpoint } from "@blockwise/pytorch";
import { toFloat32 } from "@blockwise/safetensors";
import { InvalidOptionError, MissingStateError } from "@blockwise/spec";
import { type ConfigRequest, loadConfig, mergeConfigs, type PartialConfig } from "../config/load-config.js";
import { readConfigFile } from "../config/read-config-file.js";
import type { ImageResolvedConfig, RunConfig } from "../config/schema.js";
import { writeInputRecord } from "../run/input-record.js";
import { createPlugins } from "../run/plugins.js";
import { makeFolder, runFolder, writeJson } from "../run/run-folder.js";
import { statedNormalization } from "../run/stated-normalization.js";
import { configOfWeights, type WeightsConfig } from "./config-of-weights.js";
import { openWeights, type WeightsFile } from "./open-weights.js";

/** What to import, and where to. */
export interface ImportRequest {
  readonly weights: string;
  readonly out: string;
  /** What stands before the backbone's names; null where there is one backbone only. */
  readonly prefix: string | null;
  /** Python names in a `.pth` file that are read past. */
  readonly opaque: readonly string[];
  /** Whether projectors are taken, which evaluation has no use for. */
  readonly projectors: boolean;
  /** The fields that weights say nothing about. */
  readonly config: ConfigRequest;
}

/** `imported.json`: where a run's weights are from. */
export interface ImportRecord {
  readonly weights: string;
  readonly prefix: string;
  readonly network: RunConfig["network"];
  readonly head: RunConfig["head"];
  /** How many tensors were taken. */
  readonly taken: number;
  /** Tensors of the file that were left out, and those of the network that stay random. */
  readonly unused: readonly string[];
  readonly missing: readonly string[];
}

const imageSizes = { imagenet: 224, cifar: 32 } as const;

/**
 * Makes a run of weights that were trained elsewhere, which `evaluate`, `features` and `export` take like any other. The
 * network follows from the weights' names and shapes; images are normalised by ImageNet's mean and
 * deviation, or by what the configuration says instead (`data.normalization`).
 *
 * @throws InvalidOptionError for weights of no ResNet with torchvision's names, and for images that are to be measured
 * @throws MissingStateError where tensors of the backbone or of a head are missing
 * @throws MalformedFileError, ShapeMismatchError, StorageError, UnsupportedFileError
 */
export async function importRun(request: ImportRequest): Promise<ImportRecord> {
  const { weights, out, prefix, opaque, projectors } = request;
  const file = await openWeights(weights, { opaque });
  try {
    const found = nameCheckpoint(file.shapes.keys(), prefix === null ? {} : { prefix });
    const shapes = new Map(
      Array.from(found.names, ([own, theirs]) => [own, file.shapes.get(theirs) ?? []] as const),
    );
    const described = configOfWeights(shapes, { projectors });
    const config = await completeConfig(request.config, described.config);
    const isWanted = (name: string): boolean =>
      name.startsWith("projector.")
        ? described.hasProjectors
        : name.startsWith("pool_head.")
          ? described.hasHeads
          : true;
    const wanted = new Map([...found.names].filter(([own]) => isWanted(own)));
    const leftOut = [...found.names].filter(([own]) => !isWanted(own)).map(([, theirs]) => theirs);
    const record = {
      weights: basename(weights),
      prefix: found.prefix,
      network: config.network,
      head: config.head,
      unused: [...found.unused, ...leftOut],
    };
    return await writeRun({ file, wanted, config, described, out, record });
  } finally {
    await file.close();
  }
}

async function completeConfig(
  request: ConfigRequest,
  described: PartialConfig,
): Promise<ImageResolvedConfig & Pick<RunConfig, "network">> {
  const fromFile = request.file === null ? {} : await readConfigFile(request.file);
  const usual = { data: { normalization: "imagenet" } };
  const flags = mergeConfigs(mergeConfigs(mergeConfigs(usual, fromFile), request.flags), {
    ...described,
    noise: null,
  }) as PartialConfig;
  const config = await loadConfig({ ...request, flags });
  const { imageSize } = config.data;
  const { flip } = config.augmentation;
  return {
    ...config,
    data: {
      ...config.data,
      imageSize:
        imageSize === "auto"
          ? imageSizes["stem" in config.network ? config.network.stem : "imagenet"]
          : imageSize,
      enlarge: imageSize === "auto" || config.data.enlarge,
    },
    augmentation: { ...config.augmentation, flip: flip === "auto" ? true : flip },
    // A run of no epochs would have random weights.
    epochs: Math.max(1, config.epochs),
  };
}

async function writeRun(parts: {
  readonly file: WeightsFile;
  readonly wanted: ReadonlyMap<string, string>;
  readonly config: ImageResolvedConfig;
  readonly described: WeightsConfig;
  readonly out: string;
  readonly record: Omit<ImportRecord, "missing" | "taken">;
}): Promise<ImportRecord> {
  const { file, wanted, config, described, out, record } = parts;
  const { channels, hasProjectors } = described;
  const { normalization } = config.data;
  if (normalization === "measured") {
    throw new InvalidOptionError({
      option: "data.normalization",
      expected: "what the weights were trained with, since there are no images to measure",
      received: normalization,
    });
  }
  const input = { channels, ...statedNormalization(normalization, channels) };
  const engine = await createEngine({ name: config.engine });
  const plugins = await createPlugins(config, input);
  const { imageSize } = config.data;
  const { partition } = config;
  const network = createNetwork({
    ...plugins,
    engine,
    partition: partition as "stages" | "end-to-end",
    imageShape: [imageSize, imageSize, channels],
    batchSize: config.batchSize,
    classCount: null,
    seed: config.seed,
  });
  try {
    const entries = await file.read(wanted.values());
    const tensors = new Map(
      Array.from(wanted, ([own, theirs]) => {
        const entry = entries.get(theirs);
        const data = entry === undefined ? new Float32Array() : toFloat32(entry);
        return [own, { shape: entry?.shape ?? [], data }] as const;
      }),
    );
    const { taken, unused, ...result } = importWeights(network, tensors);
    // A projector that only fills its place is none of the weights' network.
    const missing = result.missing.filter((name) => hasProjectors || !name.startsWith("projector."));
    requireWhole(
      missing.filter((name) => !/^(projector|loss)\./.test(name)),
      record.weights,
    );
    const theirs = unused.map((own) => wanted.get(own) ?? own);
    const whole = { ...record, taken: taken.length, unused: [...record.unused, ...theirs], missing };
    await makeFolder(out);
    const files = runFolder(out);
    await saveCheckpoint({
      directory: files.checkpoints,
      keep: 1,
      learners: network.learners,
      step: 0,
      stepCount: 0,
      configuration: { imported: record.weights },
    });
    const description = `weights imported from ${record.weights}`;
    await writeInputRecord(out, { ...input, classCount: null, description });
    await writeJson(files.imported, whole);
    // Last: a folder is a run once it has its configuration.
    await writeJson(files.config, config);
    return whole;
  } finally {
    network.dispose();
  }
}

function requireWhole(missing: readonly string[], weights: string): void {
  const [first] = missing;
  if (first === undefined) return;
  const more = missing.length > 5 ? `, and ${missing.length - 5} more` : "";
  throw new MissingStateError(
    `${weights} lacks ${missing.slice(0, 5).join(", ")}${more}, which the network that its other tensors are of has. Save all of it: running statistics are in state_dict() too.`,
    { missing: first },
  );
}
