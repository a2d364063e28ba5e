import { readFileSync } from 'node:fs';

/** What a user may have to install with the system's package manager. */
export type SystemTool = 'compiler' | 'cmake' | 'make' | 'python' | 'pip';

type PackageManager = 'apt' | 'dnf' | 'brew';

const commands: Record<PackageManager, { label: string; install: (tools: readonly SystemTool[]) => string }> =
  {
    apt: {
      label: 'Debian/Ubuntu',
      install: (tools) => {
        const names = {
          compiler: 'g++',
          cmake: 'cmake',
          make: 'make',
          python: 'python3',
          pip: 'python3-pip',
        };
        return `sudo apt install ${tools.map((tool) => names[tool]).join(' ')}`;
      },
    },
    dnf: {
      label: 'Fedora',
      install: (tools) => {
        const names = {
          compiler: 'gcc-c++',
          cmake: 'cmake',
          make: 'make',
          python: 'python3',
          pip: 'python3-pip',
        };
        return `sudo dnf install ${tools.map((tool) => names[tool]).join(' ')}`;
      },
    },
    brew: {
      label: 'macOS',
      install: (tools) => {
        const steps = [];
        if (tools.some((tool) => tool === 'compiler' || tool === 'make'))
          steps.push('xcode-select --install');
        const names = { cmake: 'cmake', python: 'python', pip: 'python' };
        const formulas = tools.flatMap((tool) =>
          tool === 'compiler' || tool === 'make' ? [] : [names[tool]],
        );
        if (formulas.length > 0) steps.push(`brew install ${[...new Set(formulas)].join(' ')}`);
        return steps.join(' && ');
      },
    },
  };

/** The package manager of this system, by `/etc/os-release`; `undefined` where it is none of the known. */
function packageManager(
  osRelease: string | undefined,
  platform: NodeJS.Platform,
): PackageManager | undefined {
  if (platform === 'darwin') return 'brew';
  const ids = [...(osRelease ?? '').matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((found) =>
    found[1].split(' '),
  );
  if (ids.includes('debian') || ids.includes('ubuntu')) return 'apt';
  if (ids.includes('fedora') || ids.includes('rhel')) return 'dnf';
  return undefined;
}

function readOsRelease(): string | undefined {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return undefined;
  }
}

/** Lines that say how to install the tools: the command of this system, or those of all where it is unknown. */
export function installRemedy(
  tools: readonly SystemTool[],
  osRelease: string | undefined = readOsRelease(),
  platform: NodeJS.Platform = process.platform,
): string[] {
  const manager = packageManager(osRelease, platform);
  const shown = manager === undefined ? (['apt', 'dnf', 'brew'] as const) : [manager];
  return shown.map((name) => `${commands[name].label}: ${commands[name].install(tools)}`);
}
