export { type GreedyInfoMaxOptions, greedyInfoMax } from "./greedy-infomax.js";
