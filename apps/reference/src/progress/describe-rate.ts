/** A number of images a second for people: `"105 images/s"`, and where there are few, `"0.26 images/s"`. */
export function describeRate(imagesPerSecond: number): string {
  const text =
    imagesPerSecond < 10 ? String(Number(imagesPerSecond.toPrecision(2))) : imagesPerSecond.toFixed(0);
  return `${text} images/s`;
}
