import type { DataSourceV1, RawImage } from "@blockwise/spec";
import { ensure, ensureClose } from "../ensure.js";
import { ensureRejected } from "../plugin/ensure-refused.js";
import { ensureIdentity, ensureJsonOptions } from "../plugin/identity.js";
import type { PluginCheck } from "../plugin/plugin-check.js";
import { ensurePackedAgrees, ensureStoredAgrees } from "./store-checks.js";

/** What every data source promises. Sources of any size are tried on their first, last and some other images. */
export const dataSourceChecks: readonly PluginCheck<DataSourceV1>[] = [
  {
    name: "says what it is",
    run(source) {
      ensureIdentity(source, "data-source");
      ensureJsonOptions(source);
      const { description, size, channels } = source;
      ensure(
        /^\S[^\n]*$/.test(description),
        `the description is ${JSON.stringify(description)}, not one line`,
      );
      ensure(Number.isInteger(size) && size > 0, `the size is ${size}`);
      ensure(channels === 1 || channels === 3, `it has ${channels} channels, not 1 or 3`);
    },
  },
  {
    name: "has one label an image and a name for each, or neither",
    run({ labels, classNames, size }) {
      ensure(
        (labels === null) === (classNames === null),
        "there are labels without names, or names without labels",
      );
      if (labels === null || classNames === null) return;
      ensure(labels.length === size, `there are ${labels.length} labels of ${size} images`);
      const wrong = labels.findIndex((label) => label < 0 || label >= classNames.length);
      ensure(
        wrong < 0,
        `the label of image ${wrong} is ${labels[wrong]}, there are ${classNames.length} classes`,
      );
      const twice = classNames.find((name, place) => name === "" || classNames.indexOf(name) !== place);
      ensure(twice === undefined, `the class name "${twice}" is empty or there twice`);
    },
  },
  {
    name: "gives images that are as large as they say, of its channels",
    async run(source) {
      for (const place of somePlaces(source)) {
        const { height, width, channels, data } = await source.image(place);
        const whole = height > 0 && width > 0 && data.length === height * width * channels;
        ensure(whole, `image ${place} of [${height}, ${width}, ${channels}] has ${data.length} values`);
        ensure(
          channels === source.channels,
          `image ${place} has ${channels} channels, not ${source.channels}`,
        );
      }
    },
  },
  {
    name: "gives an image the same pixels in any order, and at once with others",
    async run(source) {
      const places = somePlaces(source);
      const forward: RawImage[] = [];
      for (const place of places) forward.push(copyOf(await source.image(place)));
      const backward: RawImage[] = [];
      for (const place of places.toReversed()) backward.unshift(copyOf(await source.image(place)));
      const together = (await Promise.all(places.map((place) => source.image(place)))).map(copyOf);
      places.forEach((place, index) => {
        ensureSameImage(backward[index], forward[index], `image ${place}, read in the other order,`);
        ensureSameImage(together[index], forward[index], `image ${place}, read at once with others,`);
      });
    },
  },
  {
    name: "refuses places that it does not have",
    async run(source) {
      for (const place of [-1, source.size, 0.5, Number.NaN]) {
        await ensureRejected(() => source.image(place), "BLOCKWISE_INVALID_OPTION", `image ${place}`);
      }
    },
  },
  {
    name: "has a store that holds the same images, in memory that threads share",
    run: (source) =>
      source.store.kind === "packed"
        ? ensurePackedAgrees(source, source.store, somePlaces(source))
        : ensureStoredAgrees(source, source.store, somePlaces(source)),
  },
];

/** The first image, the last, and some between. */
export function somePlaces({ size }: DataSourceV1): number[] {
  const places = Array.from({ length: 6 }, (_, part) => Math.floor(((size - 1) * part) / 5));
  return [...new Set(places)];
}

/** Throws where two images differ. */
export function ensureSameImage(
  received: RawImage | undefined,
  expected: RawImage | undefined,
  what: string,
): void {
  const [got, wanted] = [received, expected].map(
    (image) => `[${image?.height}, ${image?.width}, ${image?.channels}]`,
  );
  ensure(got === wanted, `${what} is of ${got}, not ${wanted}`);
  ensureClose(received?.data ?? [], expected?.data ?? [], what, 0);
}

/** An image's data is borrowed: the next one may lie where it lay. */
function copyOf(image: RawImage): RawImage {
  return { ...image, data: image.data.slice() };
}
