import type { SetupContext } from './context.js';
import { run, which } from './process.js';
import { installRemedy, type SystemTool } from './remedies.js';
import { SetupError } from './setup-error.js';

/** A tool of the build: what was found, or what is wrong with it. */
export interface Tool {
  kind: SystemTool;
  /** What is called, e.g. `g++`. */
  command?: string;
  version?: string;
  problem?: string;
}

/** LibTorch's headers need C++20 as these compilers know it. */
const oldestCompiler: Record<string, number> = { 'g++': 11, 'clang++': 14 };

const oldestCmake: readonly [number, number] = [3, 18];

/** The C++ compiler that CMake will take: `CXX`, else `g++`, else `clang++`. */
export async function findCompiler(context: SetupContext): Promise<Tool> {
  const kind = 'compiler';
  const asked = context.env.CXX;
  const command = asked
    ? which(asked.split(' ')[0], context.env) && asked.split(' ')[0]
    : ['g++', 'clang++'].find((name) => which(name, context.env) !== undefined);
  if (!command) {
    return {
      kind,
      problem: asked ? `CXX=${asked} is not there` : 'there is no C++ compiler (g++ or clang++)',
    };
  }
  const result = await run(command, ['-dumpfullversion', '-dumpversion'], { env: context.env });
  if (result.code !== 0)
    return { kind, command, problem: `${command} does not work: ${result.stderr.trim()}` };
  const version = result.stdout.trim();
  const oldest = oldestCompiler[command.split('/').at(-1) ?? ''];
  if (oldest !== undefined && Number.parseInt(version, 10) < oldest) {
    return {
      kind,
      command,
      version,
      problem: `${command} ${version} is too old: ${oldest} or newer is needed`,
    };
  }
  return { kind, command, version };
}

/** CMake, new enough. */
export async function findCmake(context: SetupContext): Promise<Tool> {
  const kind = 'cmake';
  if (which('cmake', context.env) === undefined) return { kind, problem: 'there is no CMake' };
  const result = await run('cmake', ['--version'], { env: context.env });
  const version = /cmake version (\d+)\.(\d+)\S*/.exec(result.stdout);
  if (version === null)
    return { kind, command: 'cmake', problem: `cmake does not work: ${result.stderr.trim()}` };
  const found = { kind, command: 'cmake', version: version[0].slice('cmake version '.length) } as const;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major > oldestCmake[0] || (major === oldestCmake[0] && minor >= oldestCmake[1])) return found;
  return {
    ...found,
    problem: `CMake ${found.version} is too old: ${oldestCmake.join('.')} or newer is needed`,
  };
}

/** What carries out CMake's plan: Ninja where it is, else make (cmake-js chooses the same). */
export function findMake(context: SetupContext): Tool {
  const command = ['ninja', 'make'].find((name) => which(name, context.env) !== undefined);
  return command === undefined
    ? { kind: 'make', problem: 'there is neither make nor ninja' }
    : { kind: 'make', command };
}

/**
 * Checks that everything is there to compile the addon.
 *
 * @throws SetupError that names all that is missing and the one command that installs it
 */
export async function checkBuildTools(context: SetupContext): Promise<void> {
  const tools = [await findCompiler(context), await findCmake(context), findMake(context)];
  const wrong = tools.filter((tool) => tool.problem !== undefined);
  if (wrong.length === 0) return;
  throw new SetupError(
    `The addon cannot be compiled: ${wrong.map((tool) => tool.problem).join('; ')}.`,
    installRemedy(wrong.map((tool) => tool.kind)),
  );
}
