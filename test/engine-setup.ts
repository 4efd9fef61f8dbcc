/** SEGDEV_ENGINE=interpreter|regions and SEGDEV_HOTNESS=N run the whole suite on that engine, where a test does not choose itself. */
import { engineDefaults } from '../src/hart/region/options.js';

const { SEGDEV_ENGINE: engine, SEGDEV_HOTNESS: hotness } = process.env;
if (engine === 'interpreter' || engine === 'regions') engineDefaults.engine = engine;
if (hotness !== undefined) engineDefaults.hotness = Number(hotness);
