export { type SimclrOptions, simclr } from "./simclr.js";
