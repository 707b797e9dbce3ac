export { type LaunchedBrowser, launchBrowser } from "./launch-browser.js";
