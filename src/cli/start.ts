/** Starts the command line from its sources, where there is no build. */
import { main } from './main.js';

await main(process.argv.slice(2));
