import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commitOf, machine } from '../../../../scripts/bench/machine.js';
import { type Report, writeJson, writeMarkdown } from '../../../../scripts/bench/report.js';
import { figure, markdownTable, textTable } from '../../../../scripts/bench/table.js';
import type { RowResult } from '../../../../scripts/bench/types.js';

const summary = (value: number) => ({ median: value, low: value * 0.9, high: value * 1.1, values: [value] });

const rows: RowResult[] = [
  {
    benchmark: 'train',
    row: 'train',
    title: 'a step',
    target: 0.8,
    status: 'ok',
    unit: 'ms',
    higherIsBetter: false,
    ours: { ...summary(98.765), label: 'torchts' },
    theirs: { ...summary(120), label: 'Python' },
    ratio: summary(0.823),
    met: false,
  },
  {
    benchmark: 'loader',
    row: 'loader',
    title: 'images',
    target: 10,
    status: 'ok',
    unit: 'images/s',
    higherIsBetter: true,
    ours: { ...summary(12000), label: 'torchts' },
    theirs: { ...summary(1000), label: 'Python, 2 workers' },
    ratio: summary(12),
    met: true,
  },
  { benchmark: 'jit', row: 'jit', title: 'inference', status: 'failed', reason: 'results differ: a | b' },
];

describe('bench: the table', () => {
  it('shows three figures', () => {
    expect([0.5884, 1.2, 98.765, 2374.2, 0, 0.00123].map(figure)).to.deep.equal([
      '0.588',
      '1.20',
      '98.8',
      '2374',
      '0',
      '0.00123',
    ]);
  });

  it('as text, with columns in line and reasons below', () => {
    expect(textTable(rows).split('\n')).to.deep.equal([
      'benchmark  torchts                     other  unit      ratio  spread        target',
      'train         98.8                       120  ms         0.82  0.74–0.91     ≤ 0.80  missed',
      'loader       12000  1000 (Python, 2 workers)  images/s  12.00  10.80–13.20  ≥ 10.00  met',
      'jit                                                                               –  FAILED',
      '',
      'jit: results differ: a | b',
    ]);
  });

  it('as Markdown, where a bar in a text ends no cell', () => {
    const lines = markdownTable(rows).split('\n');
    expect(lines[0]).to.equal(
      '| benchmark | what | torchts | other | unit | ratio | spread | target | result |',
    );
    expect(lines[2]).to.equal('| `train` | a step | 98.8 | 120 | ms | 0.82 | 0.74–0.91 | ≤ 0.80 | missed |');
    expect(lines[4]).to.contain('FAILED: results differ: a \\| b');
  });
});

describe('bench: what a run leaves behind', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'torchts-report-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const report: Report = {
    date: '2026-01-02T03:04:05.000Z',
    commit: 'abc',
    machine: { cpu: 'A CPU', cores: 2, memoryBytes: 2 ** 34, os: 'Linux', node: 'v20' },
    versions: { torch: '2.14.1' },
    sameBuild: true,
    options: { names: [], quick: true, rounds: 2, threads: 2, device: 'cpu', tf32: 'default' },
    command: 'npm run bench -- --quick',
    seconds: 12.3,
    rows,
  };

  it('JSON has everything', () => {
    const file = join(folder, 'a.json');
    writeJson(file, report);
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.deep.equal(report);
  });

  it('Markdown goes between the markers, again and again', () => {
    const file = join(folder, 'page.md');
    writeFileSync(file, 'Before\n\n<!-- bench: begin -->\nold\n<!-- bench: end -->\n\nAfter\n');
    writeMarkdown(file, report);
    const once = readFileSync(file, 'utf8');
    expect(once)
      .to.match(/^Before\n/)
      .and.match(/\nAfter\n$/);
    expect(once).to.not.contain('old');
    expect(once).to.contain('npm run bench -- --quick').and.contain('A CPU, 2 cores, 16 GiB');
    expect(once).to.contain('2026-01-02, commit abc').and.contain('| `train` |');
    writeMarkdown(file, report);
    expect(readFileSync(file, 'utf8')).to.equal(once);
  });

  it('Markdown makes a new file, and overwrites none without markers', () => {
    const fresh = join(folder, 'fresh.md');
    writeMarkdown(fresh, report);
    expect(readFileSync(fresh, 'utf8')).to.match(/^<!-- bench: begin -->/);
    const page = join(folder, 'page.md');
    writeFileSync(page, 'mine');
    expect(() => writeMarkdown(page, report)).to.throw('has no place for the table');
    expect(readFileSync(page, 'utf8')).to.equal('mine');
  });

  it('tells the machine and the commit', async () => {
    const found = machine();
    expect(found.cores).to.be.at.least(1);
    expect(found.memoryBytes).to.be.above(1e8);
    expect(found.node).to.equal(process.version);
    expect(await commitOf(folder)).to.equal('unknown');
  });
});
