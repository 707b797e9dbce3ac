export type { SquarePicture } from "./picture-sheet.js";
export {
  type DemoBlock,
  type DemoData,
  type DemoPictures,
  writeDemoData,
  writeDemoPage,
} from "./write-demo.js";
