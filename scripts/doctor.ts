/** `npm run doctor`: what was found, what is missing, and the remedy for each. */
import { parseArgs } from 'node:util';
import { libtorchVersion } from './libtorch/release.js';
import { addonState } from './support/addon.js';
import { checkAddon } from './support/checks/addon.js';
import { checkDisk } from './support/checks/disk.js';
import type { Finding } from './support/checks/finding.js';
import { checkCuda, checkLibTorch } from './support/checks/libtorch.js';
import { checkNode, checkPython, checkTools } from './support/checks/tools.js';
import { type SetupContext, userContext } from './support/context.js';
import { isMain, runMain } from './support/main.js';
import { packageManifest, packageRoot } from './support/package-root.js';

/** Everything the doctor knows, in the order of the report. Changes nothing. */
export async function diagnose(root: string, context: SetupContext): Promise<Finding[]> {
  const libtorch = await checkLibTorch(context);
  const { found } = libtorch.located;
  // Without a LibTorch there is one to fetch, and an addon to build against it.
  const built = found !== undefined && addonState(root, found).state === 'current';
  return [
    checkNode(root),
    ...(await checkTools(!built, context)),
    await checkPython(found === undefined, context),
    ...libtorch.findings,
    ...(await checkCuda(found, context)),
    ...(await checkAddon(root, found, context)),
    ...(await checkDisk(found === undefined ? libtorch.choice?.variant : undefined, context)),
  ];
}

const marks: Record<Finding['status'], string> = { ok: '✓', note: '•', missing: '✗' };

/** The report as text: a line a finding, its remedy below. */
export function formatReport(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  const lines = findings.flatMap(({ name, status, detail, remedy }) => [
    `${marks[status]} ${name.padEnd(width)}  ${detail}`,
    ...remedy.map((line) => `  ${' '.repeat(width)}  → ${line}`),
  ]);
  const count = findings.filter((finding) => finding.status === 'missing').length;
  lines.push(
    '',
    count === 0 ? 'Everything is there.' : `${count} ${count === 1 ? 'thing is' : 'things are'} missing.`,
  );
  return lines.join('\n');
}

/** The command: prints the report (`--json`: as JSON); exit code 0 if nothing is missing, else 1. */
export async function doctor(
  args: readonly string[],
  context: SetupContext = userContext(),
): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } } });
  const root = packageRoot();
  const findings = await diagnose(root, context);
  const healthy = findings.every((finding) => finding.status !== 'missing');
  const { version } = packageManifest(root);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ torchts: version, libtorch: libtorchVersion, healthy, findings }, null, 2)}\n`
      : `torchts ${version}, for LibTorch ${libtorchVersion}\n\n${formatReport(findings)}\n`,
  );
  return healthy ? 0 : 1;
}

if (isMain(import.meta.url)) await runMain(() => doctor(process.argv.slice(2)));
