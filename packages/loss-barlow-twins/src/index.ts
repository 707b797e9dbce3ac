export { type BarlowTwinsOptions, barlowTwins } from "./barlow-twins.js";
