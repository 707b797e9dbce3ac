// What threads import to read stored images of a test: image `i` is one pixel of value `i`.

/** Images whose number is in `store.paths.bytes` are broken; one of number 255 there stands for a file that has changed. */
export function probeReader(store) {
  const broken = new Set(store.paths.bytes);
  return {
    doRead: async (index) => {
      const image = store.files[index];
      // Different threads are at different speeds.
      await new Promise((resolve) => setTimeout(resolve, image % 3));
      if (broken.has(255) && image === 7) {
        const { DataSourceError } = await import("@blockwise/spec");
        throw new DataSourceError("the file has changed", { source: "shard-0" });
      }
      if (broken.has(image)) return { name: `image-${image}`, broken: "cut off" };
      return { image: { height: 1, width: 1, channels: 1, data: Uint8Array.of(image) } };
    },
    doClose: async () => {},
  };
}
