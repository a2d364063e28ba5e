#!/usr/bin/env node
/** `npx torchts <command>`: the set-up commands for a project that installed the package. */
import { build } from './build.js';
import { doctor } from './doctor.js';
import { userContext } from './support/context.js';
import { isMain, runMain } from './support/main.js';
import { packageManifest } from './support/package-root.js';
import { SetupError } from './support/setup-error.js';

interface Command {
  summary: string;
  run: (args: readonly string[]) => Promise<number>;
}

const commands: Record<string, Command> = {
  'install-libtorch': {
    summary: 'find or fetch LibTorch and build the addon: run it once after `npm install torchts`',
    run: (args) => prepare('install-libtorch', args),
  },
  build: {
    summary: 'the same, each part only where missing or stale',
    run: (args) => prepare('build', args),
  },
  doctor: {
    summary: 'what was found and what is missing, with the remedy (--json for programs)',
    run: doctor,
  },
  help: {
    summary: 'this page',
    run: async () => {
      process.stdout.write(usage());
      return 0;
    },
  },
};

const aliases: Record<string, string> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
};

function usage(): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => name.length));
  return [
    'Usage: torchts <command>',
    '',
    ...names.map((name) => `  ${name.padEnd(width)}  ${commands[name].summary}`),
    '',
    'Environment: TORCHTS_LIBTORCH=DIR, TORCHTS_CACHE=DIR, TORCHTS_VARIANT=cpu|cuda (docs/install.md).',
    '',
  ].join('\n');
}

async function prepare(name: string, args: readonly string[]): Promise<number> {
  if (args.length > 0)
    throw new SetupError(`\`torchts ${name}\` takes no arguments, but got: ${args.join(' ')}`);
  const context = userContext();
  if (!(await build(context))) context.say('LibTorch and the addon are there; nothing to do.');
  return 0;
}

/** Carries out one command line. */
export async function main(args: readonly string[]): Promise<number> {
  const [given = 'help', ...rest] = args;
  const name = aliases[given] ?? given;
  if (name === 'version') {
    process.stdout.write(`${packageManifest().version}\n`);
    return 0;
  }
  if (!Object.hasOwn(commands, name)) {
    throw new SetupError(`There is no command '${given}'.`, `Commands: ${Object.keys(commands).join(', ')}.`);
  }
  return commands[name].run(rest);
}

if (isMain(import.meta.url)) await runMain(() => main(process.argv.slice(2)));
