export { blurColumns, blurRows } from "./blur";
export { changeColors, solarize, toGrayscale } from "./color";
export { flipColor } from "./flip";
export { resizeColumns, resizeRows } from "./resize";
