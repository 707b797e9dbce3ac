import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeWholeImage } from "./decode-whole-image.js";

const goldens = new URL("../__fixtures__/pillow/", import.meta.url);
const golden = (name: string): Promise<Buffer> => readFile(new URL(name, goldens));

async function plainPixels(name: string): Promise<Buffer> {
  return sharp(await golden(name))
    .raw()
    .toBuffer();
}

describe("decodeWholeImage", () => {
  // Decoders of the JPEG family differ by a grey level here and there; this one and Pillow's are the same library.
  it.each(["colour.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "turned.jpg", "palette.png"])(
    "gives Pillow's bytes for %s",
    async (name) => {
      const { width, height, channels, data } = await decodeWholeImage(await golden(name), 3);
      expect([width, height, channels]).toEqual([64, 48, 3]);
      const expected = await plainPixels(name.replace(/\.\w+$/, "-rgb.png"));
      expect(Buffer.compare(Buffer.from(data), expected)).toBe(0);
    },
  );

  it("makes one channel of colour", async () => {
    const { channels, data } = await decodeWholeImage(await golden("cmyk.jpg"), 1);
    expect([channels, data.length]).toEqual([1, 64 * 48]);
  });

  it("scales 16 bits, and lays transparency on white", async () => {
    const sixteen = await sharp(new Uint16Array([0, 255, 256, 25_700, 65_535, 65_535]), {
      raw: { width: 2, height: 1, channels: 3 },
    })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    expect([...(await decodeWholeImage(sixteen, 3)).data]).toEqual([0, 0, 1, 100, 255, 255]);
    const clear = await sharp(Buffer.of(10, 20, 30, 0, 10, 20, 30, 255), {
      raw: { width: 2, height: 1, channels: 4 },
    })
      .png()
      .toBuffer();
    expect([...(await decodeWholeImage(clear, 3)).data]).toEqual([255, 255, 255, 10, 20, 30]);
  });

  it("refuses what is no whole image", async () => {
    const whole = await golden("colour.jpg");
    await expect(decodeWholeImage(whole.subarray(0, 900), 3)).rejects.toThrow(/premature end/);
    await expect(decodeWholeImage(Buffer.alloc(0), 3)).rejects.toThrow(/not those of/);
    await expect(
      decodeWholeImage(Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"), 3),
    ).rejects.toThrow(/not those of/);
    // The search for the frame header ends whatever the markers say.
    for (const bytes of [
      [0xff, 0xd8, 0xff],
      [0xff, 0xd8, 0xff, 0xff, 0xff, 0xff],
      [0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]) {
      await expect(decodeWholeImage(Buffer.from([...bytes, ...new Array(20).fill(0)]), 3)).rejects.toThrow();
    }
  });
});
