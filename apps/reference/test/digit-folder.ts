import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openMnistDigits } from "@blockwise/data";
import sharp from "sharp";

/** Writes real digits as PNG files: `folder/<digit>/<number>.png`, or `folder/<number>.png` without classes. */
export async function writeDigits(
  folder: string,
  options: { readonly count: number; readonly classes: boolean },
): Promise<void> {
  const { train } = await openMnistDigits({ digitsFrom: import.meta.url });
  for (let index = 0; index < options.count; index++) {
    const { data, height, width } = await train.image(index);
    const place = options.classes ? join(folder, String(train.labels?.[index])) : folder;
    await mkdir(place, { recursive: true });
    await sharp(data, { raw: { height, width, channels: 1 } })
      .png()
      .toFile(join(place, `${String(index).padStart(4, "0")}.png`));
  }
}
