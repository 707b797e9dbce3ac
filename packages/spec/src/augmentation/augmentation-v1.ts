import type { PluginV1 } from "../plugin.js";

/** An image in memory: rows from the top, channels last. */
export interface RawImage {
  /** Pixels in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: number;
  /** `height * width * channels` values. */
  readonly data: Uint8Array;
}

/** A generator of random numbers; every draw advances it. */
export interface RandomGenerator {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** N(0, 1). */
  normal(): number;
}

/** A network input: what an augmentation writes. */
export interface ViewShape {
  /** Rows. */
  readonly height: number;
  /** Pixels in a row. */
  readonly width: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: number;
}

/** How worker threads make the same augmentation: by importing a module and calling a factory with the options. */
export interface WorkerRecipe {
  /** What to import: a file URL or a package name. */
  readonly module: string;
  /** The exported function that makes the plugin from its `options`, at once or as a promise. */
  readonly exportName: string;
}

/** Makes the views of one image. Pure: the same image, view and generator give the same numbers in any thread. */
export interface AugmentationV1 extends PluginV1<"augmentation"> {
  /** How many views it makes of an image. */
  readonly views: number;
  /** The shape of each view. */
  readonly shape: ViewShape;
  /** Where worker threads find it; without it, views are made on the main thread. */
  readonly workerRecipe?: WorkerRecipe;
  /**
   * Writes view `view` of `image` into `out` (`height * width * channels` float32, normalised).
   * @throws ShapeMismatchError for an image it cannot take.
   */
  doView(request: {
    readonly image: RawImage;
    readonly view: number;
    readonly random: RandomGenerator;
    readonly out: Float32Array;
  }): void;
}
