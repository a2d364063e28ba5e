import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { neededCudaFiles, neededFiles } from '../../../scripts/libtorch/release.js';
import type { SetupContext } from '../../../scripts/support/context.js';
import { which } from '../../../scripts/support/process.js';

/** Real programs that the fakes and the set-up itself call. */
const realTools = ['sh', 'cat', 'cp', 'mkdir', 'sleep', 'touch'];

/** Writes a file and the folders above it. */
export function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

/** Makes a folder that looks like a LibTorch. */
export function fakeLibTorch(root: string, version = '2.14.1+cu130', cuda = false): string {
  for (const file of [...neededFiles, ...(cuda ? neededCudaFiles : [])]) write(join(root, file), '');
  write(join(root, 'version.py'), `__version__ = '${version}'\n`);
  return root;
}

/**
 * A machine in a temporary folder: a `PATH` with a `python3` and an `ldd` of the test's making, and an
 * empty cache. Nothing of the real machine's Python or LibTorch is seen through it.
 */
export class FakeSystem {
  readonly folder = mkdtempSync(join(tmpdir(), 'torchts-test-'));
  readonly cache = join(this.folder, 'cache');
  readonly said: string[] = [];
  free = 1e12;
  readonly env: NodeJS.ProcessEnv = {
    PATH: join(this.folder, 'bin'),
    HOME: join(this.folder, 'home'),
    TORCHTS_CACHE: this.cache,
    FAKE: this.folder,
    // A port that nothing listens on: the archive cannot be fetched unless a test serves it.
    TORCHTS_MIRROR: 'http://127.0.0.1:65531',
  };
  readonly context: SetupContext = {
    env: this.env,
    say: (line) => this.said.push(line),
    terminal: false,
    freeSpace: async () => this.free,
  };

  constructor() {
    mkdirSync(join(this.folder, 'home'), { recursive: true });
    for (const tool of realTools) {
      const path = which(tool);
      if (path !== undefined) this.link(tool, path);
    }
    this.program('ldd', 'echo "	libc.so.6 => /lib/libc.so.6 (0x1)"');
    this.python({ pip: '26.0' });
    this.pip('cp -r "$FAKE/wheel/." "$target"');
    fakeLibTorch(join(this.folder, 'wheel', 'torch'));
  }

  /** Puts a shell script on the path. */
  program(name: string, script: string): void {
    this.without(name);
    write(join(this.folder, 'bin', name), `#!/bin/sh\n${script}\n`, 0o755);
  }

  link(name: string, target: string): void {
    this.without(name);
    mkdirSync(join(this.folder, 'bin'), { recursive: true });
    symlinkSync(target, join(this.folder, 'bin', name));
  }

  without(name: string): void {
    rmSync(join(this.folder, 'bin', name), { force: true });
  }

  /** A `python3` that answers the question about its packages with these. */
  python(answer: { pip?: string; torch?: { version: string; root: string } }): void {
    const full = { executable: join(this.folder, 'bin', 'python3'), version: '3.12.0', ...answer };
    write(join(this.folder, 'python.json'), JSON.stringify(full));
    this.program(
      'python3',
      [
        'if [ "$1" = -c ]; then cat "$FAKE/python.json"; exit; fi',
        'echo "$*" >> "$FAKE/pip.log"',
        'target=; previous=; for word in "$@"; do',
        '  if [ "$previous" = --target ]; then target=$word; fi; previous=$word',
        'done',
        '. "$FAKE/pip.sh"',
      ].join('\n'),
    );
  }

  /** What `python3 -m pip install` does; `$target` is its target folder, `$*` its arguments. */
  pip(script: string): void {
    write(join(this.folder, 'pip.sh'), script);
  }

  /** The command lines with which pip was called. */
  get pipCalls(): string[] {
    const log = join(this.folder, 'pip.log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The error that a promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { remedy?: readonly string[] }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected an error, but there was none');
}
