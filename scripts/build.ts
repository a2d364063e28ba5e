/** `npm run build` after the compiler: LibTorch and the addon, each only where missing or stale. */
import { ensureLibTorch } from './libtorch/install.js';
import { ensureAddon } from './support/addon.js';
import { type SetupContext, userContext } from './support/context.js';
import { isMain, runMain } from './support/main.js';
import { packageRoot } from './support/package-root.js';

/** Makes the package ready to run; says nothing where it already is. */
export async function build(context: SetupContext = userContext()): Promise<boolean> {
  const libtorch = await ensureLibTorch(context);
  return ensureAddon(packageRoot(), libtorch, context);
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    await build();
    return 0;
  });
}
