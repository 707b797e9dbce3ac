import { type Html, html } from "@blockwise/report/drawing";
import type { Section } from "./section.js";

/** Pairs of views. */
export const pairsSection: Section = {
  name: "pairs",
  parts: ["pairs"],
  render: ({ reader }) => {
    const { pairs } = reader;
    if (pairs === null) return html``;
    const { views, width, height, classNames } = pairs;
    const figures = classNames.map((className, image): Html => {
      const name = className === null ? `image ${image + 1}` : className;
      const pictures = Array.from(
        { length: views },
        (_, view) =>
          html`<img src="pair/${image}-${view}.png" width="${width}" height="${height}" alt="View ${view + 1} of ${name}">`,
      );
      return html`<figure class="pair"><div>${pictures}</div><figcaption>${name}</figcaption></figure>`;
    });
    return html`<h2>What the network sees</h2><p>Views of the first images of the first step, augmented as in training: a block learns to make the same of both.</p><div class="pairs">${figures}</div>`;
  },
};
