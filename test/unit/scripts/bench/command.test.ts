import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programFile } from '../../../../scripts/bench/child.js';
import { sharedVariables } from '../../../../scripts/bench/main.js';
import { parseOptions } from '../../../../scripts/bench/options.js';
import { ensurePython, environmentFolder } from '../../../../scripts/bench/python.js';
import { select, sidesInUse } from '../../../../scripts/bench/select.js';
import { suite } from '../../../../scripts/bench/suite.js';
import { askPython, checkDevice, checkEqual, sameBuild } from '../../../../scripts/bench/versions.js';
import { which } from '../../../../scripts/support/process.js';
import { describeError, SetupError } from '../../../../scripts/support/setup-error.js';
import { FakeSystem } from '../fake-system.js';

/** What a user reads where a call fails. */
function complaint(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return describeError(error);
  }
  throw new Error('the call did not fail');
}

describe('bench: the command line', () => {
  it('has defaults', () => {
    expect(parseOptions([], 8)).to.deep.equal({
      names: [],
      quick: false,
      rounds: 5,
      threads: 8,
      device: 'cpu',
      tf32: 'default',
      list: false,
      help: false,
    });
    expect(parseOptions(['--quick'], 8).rounds).to.equal(2);
  });

  it('takes names and flags', () => {
    const args = [
      'per-op',
      '--rounds',
      '3',
      '--threads=1',
      '--device',
      'cuda',
      '--tf32',
      'off',
      '--json',
      'a',
    ];
    expect(parseOptions(args, 8)).to.include({
      rounds: 3,
      threads: 1,
      device: 'cuda',
      tf32: 'off',
      json: 'a',
    });
    expect(parseOptions(args, 8).names).to.deep.equal(['per-op']);
  });

  it('says what is wrong with a value or a flag', () => {
    expect(complaint(() => parseOptions(['--rounds', '0']))).to.equal(
      "--rounds expects a whole number from 1, got '0'.",
    );
    expect(complaint(() => parseOptions(['--threads', '1.5']))).to.contain("got '1.5'");
    expect(complaint(() => parseOptions(['--device', 'tpu']))).to.equal(
      "--device expects cpu, cuda, got 'tpu'.",
    );
    expect(complaint(() => parseOptions(['--tf32', 'maybe']))).to.contain('default, on, off');
    expect(complaint(() => parseOptions(['--fast']))).to.contain("'--fast'");
    expect(complaint(() => parseOptions(['--json']))).to.contain('json');
  });

  it('sets threads and TF32 alike for both sides', () => {
    expect(sharedVariables(3, 'default')).to.include({ OMP_NUM_THREADS: '3', MKL_NUM_THREADS: '3' });
    expect(sharedVariables(3, 'default')).to.not.have.any.keys(
      'NVIDIA_TF32_OVERRIDE',
      'TORCH_ALLOW_TF32_CUBLAS_OVERRIDE',
    );
    expect(sharedVariables(1, 'on')).to.include({ TORCH_ALLOW_TF32_CUBLAS_OVERRIDE: '1' });
    expect(sharedVariables(1, 'off')).to.include({ NVIDIA_TF32_OVERRIDE: '0' });
  });
});

describe('bench: names', () => {
  it('of a benchmark mean all its rows, of a row that one', () => {
    const rows = (...names: string[]): string[] =>
      select(suite, names).flatMap((benchmark) => benchmark.rows.map((row) => row.name));
    expect(rows('state-dict')).to.deep.equal(['state-dict-load', 'state-dict-save']);
    expect(rows('state-dict-save', 'per-op-autograd')).to.deep.equal(['per-op-autograd', 'state-dict-save']);
    expect(select(suite, [])).to.equal(suite);
  });

  it('that are unknown are refused with those there are', () => {
    const text = complaint(() => select(suite, ['per-op', 'perop', 'x']));
    expect(text).to.contain("There is no benchmark 'perop', 'x'.").and.contain('per-op, ');
  });

  it('start only the sides that their rows speak of', () => {
    const sides = (name: string): string[] => sidesInUse(select(suite, [name])[0]!);
    expect(sides('resnet18-train-224-defaults')).to.deep.equal(['tuned', 'python']);
    expect(sides('resnet18-224')).to.deep.equal(['torchts', 'tuned', 'python']);
  });
});

describe('bench: the suite', () => {
  it('has rows with names of their own, and sides for all of them', () => {
    const names = suite.flatMap(({ rows }) => rows.map((row) => row.name));
    expect(new Set(names).size).to.equal(names.length);
    for (const { sides, rows } of suite)
      for (const row of rows) expect(sides).to.include.all.keys(row.ours, ...row.theirs);
  });

  it('has a program for every side', () => {
    for (const { sides } of suite)
      for (const side of Object.values(sides))
        expect(existsSync(programFile(side)), side.program).to.equal(true);
  });

  it('compares at least twelve operators, the same ones on both sides', () => {
    const python = readFileSync(
      programFile({ label: 'Python', runtime: 'python', program: 'per-op' }),
      'utf8',
    );
    const named = [...python.matchAll(/^ {4}"([\w-]+)": "/gm)].map((match) => match[1]!);
    const here = readFileSync(programFile({ label: 'torchts', runtime: 'node', program: 'per-op' }), 'utf8');
    expect(named.length).to.be.at.least(12);
    for (const name of named) expect(here).to.match(new RegExp(`['"]?${name}['"]?: \\(\\) =>`));
  });
});

describe('bench: the Python to compare with', () => {
  let system: FakeSystem;
  beforeEach(() => {
    system = new FakeSystem();
  });
  afterEach(() => system.remove());

  const versions = {
    python: '3.11.7',
    torch: '2.14.1+cu130',
    torchvision: '0.29.1+cu130',
    config: 'PyTorch built with:\n  - GCC 13.3\n  - CUDA Runtime 13.0\n',
    onnx: true,
    cuda: false,
  };
  const answer = (change: object = {}): string =>
    `cat <<'END'\n${JSON.stringify({ ...versions, ...change })}\nEND`;

  /** A program of this answer; its path. */
  function program(name: string, script: string): string {
    system.program(name, script);
    return join(system.folder, 'bin', name);
  }

  async function failure(promise: Promise<unknown>): Promise<string> {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(SetupError);
    return describeError(error);
  }

  it('is the one that TORCHTS_PYTHON names', async () => {
    const python = program('mypython', answer());
    system.env.TORCHTS_PYTHON = python;
    expect(await ensurePython(system.context)).to.equal(python);
    expect(await askPython(python, system.env)).to.deep.equal(versions);
  });

  it('must be there, start, and have the versions', async () => {
    system.env.TORCHTS_PYTHON = join(system.folder, 'absent');
    expect(await failure(ensurePython(system.context))).to.contain('is no program');
    const broken = program('broken', 'echo "No module named \'torch\'" >&2; exit 1');
    expect(await failure(askPython(broken, system.env)))
      .to.contain("No module named 'torch'")
      .and.contain('pip install torch==2.14.1 torchvision==0.29.1');
    const chatty = program('chatty', 'echo no JSON');
    expect(await failure(askPython(chatty, system.env))).to.contain('no JSON');
    const old = program('old', answer({ torch: '2.9.0' }));
    expect(await failure(askPython(old, system.env)))
      .to.contain('has torch 2.9.0')
      .and.contain('2.14.1 and 0.29.1 are needed');
  });

  it('is made in the cache only where the disk has room', async () => {
    system.free = 1e9;
    expect(await failure(ensurePython(system.context)))
      .to.contain('1.0 GB free')
      .and.contain('TORCHTS_PYTHON');
  });

  it('is made once, with the versions to compare with', async () => {
    const log = join(system.folder, 'venv.log');
    system.program(
      'python3',
      [
        `echo "$*" >> ${log}`,
        'mkdir -p "$3/bin"',
        `printf '#!/bin/sh\\necho "$*" >> ${log}\\n' > "$3/bin/python"`,
        `${which('chmod')} +x "$3/bin/python"`,
      ].join('\n'),
    );
    const folder = environmentFolder(system.env);
    expect(await ensurePython(system.context)).to.equal(join(folder, 'bin', 'python'));
    await ensurePython(system.context);
    const calls = readFileSync(log, 'utf8').trim().split('\n');
    expect(calls).to.have.length(2);
    expect(calls[0]).to.equal(`-m venv ${folder}`);
    expect(calls[1]).to.match(/^-m pip install .*torch==2\.14\.1 torchvision==0\.29\.1/);
  });

  it('is not taken half made', async () => {
    system.program('python3', 'mkdir -p "$3/bin"; echo no ensurepip; exit 1');
    expect(await failure(ensurePython(system.context)))
      .to.contain('no ensurepip')
      .and.contain('python3-venv');
    expect(existsSync(environmentFolder(system.env))).to.equal(false);
  });

  it('must have the LibTorch of this side', () => {
    const ours = { torch: '2.14.1', config: 'PyTorch built with:\n  - GCC 13.3\n', cudaReason: 'no driver' };
    checkEqual(ours, versions);
    expect(sameBuild(ours, versions), 'CUDA lines are left out').to.equal(true);
    expect(sameBuild({ ...ours, config: '  - GCC 9' }, versions)).to.equal(false);
    expect(complaint(() => checkEqual({ ...ours, torch: '2.14.0' }, versions))).to.contain('2.14.0');
    checkDevice('cpu', ours, versions);
    expect(complaint(() => checkDevice('cuda', ours, versions)))
      .to.contain('CUDA is not available: no driver')
      .and.contain('doctor');
    expect(complaint(() => checkDevice('cuda', { ...ours, cudaReason: null }, versions))).to.contain(
      'Python',
    );
  });
});
