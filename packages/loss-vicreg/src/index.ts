export { type VicregOptions, vicreg } from "./vicreg.js";
