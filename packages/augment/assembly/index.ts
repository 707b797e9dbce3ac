export { blurColumns, blurRows } from "./blur";
export { resizeColumns, resizeRows } from "./resize";
