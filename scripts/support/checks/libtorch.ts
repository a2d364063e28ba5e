import { missingLibraries, type LibTorch } from '../../libtorch/inspect.js';
import { type Located, locate } from '../../libtorch/locate.js';
import { libtorchVersion, oldestDriver } from '../../libtorch/release.js';
import { chooseVariant, findDriver, type VariantChoice } from '../../libtorch/variant.js';
import type { SetupContext } from '../context.js';
import { type Finding, findingOf, missing, note, ok } from './finding.js';

/** What the doctor knows about LibTorch, and the lines about it. */
export interface LibTorchReport {
  located: Located;
  choice?: VariantChoice;
  findings: Finding[];
}

const fetchRemedy = ['Run `npm run build` (in a clone) or `npx torchts install-libtorch` (in your project).'];

/** The variant that is wanted, the LibTorch found, and why others were refused. */
export async function checkLibTorch(context: SetupContext): Promise<LibTorchReport> {
  const located: Located = { refused: [] };
  let choice: VariantChoice;
  try {
    choice = chooseVariant(context.env);
  } catch (error) {
    return { located, findings: [findingOf('Variant', error)] };
  }
  const findings = [ok('Variant', `${choice.variant} (${choice.reason})`)];
  try {
    Object.assign(located, await locate(choice, context));
  } catch (error) {
    return { located, choice, findings: [...findings, findingOf('LibTorch', error)] };
  }
  const { found, refused } = located;
  for (const { origin, root, reason } of refused) {
    findings.push(note('LibTorch', `not taken, from ${origin}: ${root}: ${reason}`));
  }
  if (found === undefined) {
    findings.push(missing('LibTorch', `no ${libtorchVersion} (${choice.variant}) was found`, fetchRemedy));
  } else {
    findings.push(ok('LibTorch', `${found.version}, ${found.variant}, from ${found.origin}: ${found.root}`));
  }
  return { located, choice, findings };
}

/** The NVIDIA driver and whether this LibTorch can use it. */
export async function checkCuda(libtorch: LibTorch | undefined, context: SetupContext): Promise<Finding[]> {
  const driver = findDriver();
  const findings: Finding[] = [];
  if (driver === undefined) findings.push(ok('NVIDIA driver', 'none: the CPU is used'));
  else if (driver.version !== undefined && Number.parseInt(driver.version, 10) < oldestDriver) {
    findings.push(
      note('NVIDIA driver', `${driver.version} is too old for CUDA`, [
        `Install driver ${oldestDriver} or newer.`,
      ]),
    );
  } else findings.push(ok('NVIDIA driver', driver.version ?? 'of the host (WSL)'));

  if (libtorch === undefined) return findings;
  if (libtorch.variant === 'cuda') {
    findings.push(ok('CUDA libraries', 'all found beside LibTorch'));
  } else if (driver === undefined) {
    findings.push(ok('CUDA libraries', 'not installed; nothing needs them without a driver'));
  } else {
    const wanting = await missingLibraries(`${libtorch.root}/lib/libtorch_cuda.so`, context);
    const detail = wanting.length > 0 ? `wanting: ${wanting.slice(0, 6).join(', ')}` : 'not installed';
    findings.push(
      note('CUDA libraries', detail, [
        'Run `TORCHTS_VARIANT=cuda npx torchts install-libtorch` for the whole set.',
      ]),
    );
  }
  return findings;
}
