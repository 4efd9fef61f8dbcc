/** Where this package lies. */
import { dirname, join } from 'node:path';
import { fs } from './host.js';

/** The package's own folder: the nearest one upwards with a README.md; folders of the build have a package.json too. */
export function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!fs.existsSync(join(folder, 'README.md')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/** The version in package.json. */
export const packageVersion = (): string =>
  (JSON.parse(fs.readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
