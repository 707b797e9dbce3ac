import { type CorruptionFactory, defineCorruption } from "../corruption-definition.js";
import { compressAsJpeg } from "../jpeg/compress.js";

/** What a JPEG file of a quality keeps of the image. */
export const jpegCompression: CorruptionFactory = defineCorruption<number>({
  imagenet: [25, 18, 15, 10, 7],
  cifar: [80, 65, 58, 50, 40],
  make: (quality) => (image) => compressAsJpeg(image, quality),
});
