#!/usr/bin/env node
/** dist/cli.js. CommonJS, because Node takes longer to start from an ES module than our whole command line takes to load. */
import { commandLineOf, compileCommandLine } from './command-line-bundle.js';

void commandLineOf(compileCommandLine(__dirname), __dirname).main(process.argv.slice(2));
