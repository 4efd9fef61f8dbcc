#!/usr/bin/env node
/** dist/cli.js. CommonJS, because Node takes longer to start from an ES module than our whole command line takes to load. */
import { commandLineOf, compileCommandLine, scriptFor } from './command-line-bundle.js';

const args = process.argv.slice(2);
const name = scriptFor(args);
void commandLineOf(compileCommandLine(__dirname, name), __dirname).main(args);
