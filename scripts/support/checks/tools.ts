import { findPython } from '../../libtorch/python.js';
import type { SetupContext } from '../context.js';
import { packageManifest } from '../package-root.js';
import { installRemedy } from '../remedies.js';
import { findCmake, findCompiler, findMake, type Tool } from '../tools.js';
import { type Finding, missing, note, ok } from './finding.js';

/** Node.js against the range in `engines`. */
export function checkNode(root: string, version: string = process.versions.node): Finding {
  const needed = packageManifest(root).engines?.node ?? '';
  const [, major, minor] = /(\d+)\.(\d+)/.exec(needed) ?? ['', '0', '0'];
  const [ownMajor, ownMinor] = version.split('.').map(Number);
  const fits = ownMajor > Number(major) || (ownMajor === Number(major) && ownMinor >= Number(minor));
  if (fits) return ok('Node.js', version);
  return missing('Node.js', `${version}; ${needed} is needed`, [
    `Install Node.js ${major}.${minor} or newer.`,
  ]);
}

/**
 * Compiler, CMake, make.
 *
 * @param needed whether there is something to build; otherwise an absent tool is only noted
 */
export async function checkTools(needed: boolean, context: SetupContext): Promise<Finding[]> {
  const tools: [name: string, tool: Tool][] = [
    ['C++ compiler', await findCompiler(context)],
    ['CMake', await findCmake(context)],
    ['make', findMake(context)],
  ];
  return tools.map(([name, tool]) => {
    if (tool.problem === undefined) return ok(name, [tool.command, tool.version].filter(Boolean).join(' '));
    const remedy = installRemedy([tool.kind]);
    return needed
      ? missing(name, tool.problem, remedy)
      : note(name, `${tool.problem} (only a new build needs it)`, remedy);
  });
}

/** Python with pip, which fetches LibTorch. */
export async function checkPython(needed: boolean, context: SetupContext): Promise<Finding> {
  const name = 'Python with pip';
  const python = await findPython(context);
  const problem =
    typeof python === 'string'
      ? python
      : python.pip === undefined
        ? `${python.executable} (${python.version}) has no pip`
        : undefined;
  if (problem === undefined && typeof python !== 'string') {
    return ok(name, `Python ${python.version}, pip ${python.pip} (${python.executable})`);
  }
  const remedy = installRemedy(typeof python === 'string' ? ['python', 'pip'] : ['pip']);
  if (needed) return missing(name, problem ?? '', remedy);
  return note(name, `${problem} (only fetching LibTorch needs it)`, remedy);
}
