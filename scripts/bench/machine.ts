/** Where figures come from: machine, versions, commit. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { run } from '../support/process.js';

export interface Machine {
  cpu: string;
  cores: number;
  memoryBytes: number;
  os: string;
  node: string;
}

/** The name in `/etc/os-release`, with the kernel's version. */
function osName(): string {
  let name = process.platform as string;
  try {
    name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? name;
  } catch {
    // A system without the file keeps the platform's name.
  }
  return `${name}, kernel ${release()}`;
}

export function machine(): Machine {
  const found = cpus();
  return {
    cpu: found[0]?.model.trim() ?? 'unknown',
    cores: found.length,
    memoryBytes: totalmem(),
    os: osName(),
    node: process.version,
  };
}

/** The commit of a clone, marked where tracked files were changed; `unknown` outside of one. */
export async function commitOf(root: string): Promise<string> {
  const git = (...args: string[]) => run('git', args, { cwd: root });
  const head = await git('rev-parse', '--short=12', 'HEAD');
  if (head.code !== 0) return 'unknown';
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return head.stdout.trim() + (changes.stdout.trim() === '' ? '' : ' with changes');
}
