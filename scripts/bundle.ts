/**
 * The last step of `npm run compile`: the modules of `dist/lib` as the few files that `import 'torchts'`
 * reads. Node takes about half a millisecond for each file of a graph of modules.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { runMain } from './support/main.js';
import { packageRoot } from './support/package-root.js';

const dist = join(packageRoot(), 'dist');
const lib = join(dist, 'lib');

/**
 * Modules that stay files of their own, so that there is one of each: scripts and tests import parts of
 * `dist/lib`, which meet the bundle in the classes of errors and in the addon.
 */
const shared: Plugin = {
  name: 'shared',
  setup({ onResolve }) {
    onResolve({ filter: /\/(errors|native)\.js$/ }, ({ path, resolveDir }) => {
      const name = ['errors.js', 'native.js'].find((file) => join(resolveDir, path) === join(lib, file));
      return name === undefined ? undefined : { path: `../lib/${name}`, external: true };
    });
  },
};

/** Writes `dist/bundle`, with source maps that lead to the TypeScript. */
await runMain(async () => {
  const outdir = join(dist, 'bundle');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: [join(lib, 'index.js')],
    outdir,
    bundle: true,
    // What the library itself loads late stays apart.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    plugins: [shared],
    // A module is shown by the name of its class, and names of different files may be equal.
    keepNames: true,
    sourcemap: true,
    charset: 'utf8',
    logLevel: 'warning',
  });
  return 0;
});
