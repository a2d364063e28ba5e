/**
 * The import rule: imports go one way (docs/architecture.md). Each room lists the rooms that it may
 * not reach; what is not listed is allowed.
 */
const room = (names) => `^lib/(${names.join('|')})(/|\\.ts$)`;

const order = [
  ['errors'],
  ['bindings'],
  ['native'],
  ['tensor', 'ops', 'random', 'memory', 'threads', 'version'],
  ['autograd', 'cuda', 'profiler'],
  ['amp'],
  ['nn'],
  ['optim'],
  ['serialization'],
  ['jit'],
  ['training'],
];

const upward = order.slice(0, -1).map((names, level) => ({
  name: `nothing-upward-from-${names[0]}`,
  severity: 'error',
  comment: 'Imports go one way: errors → native → tensor, ops → autograd → nn → optim → serialization → training.',
  from: { path: room(names) },
  to: { path: room(order.slice(level + 1).flat()) },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'plot-and-hub-know-no-tensor',
      severity: 'error',
      from: { path: room(['plot', 'hub']) },
      to: { path: room(['tensor', 'ops', 'nn', 'optim', 'autograd', 'native', 'bindings']) },
    },
    {
      name: 'vision-and-data-stand-on-tensor',
      severity: 'error',
      comment: 'Data rooms stand on tensor and ops; only vision/models needs nn.',
      from: { path: '^lib/(utils/data|vision/(datasets|transforms))/' },
      to: { path: room(['nn', 'optim', 'training']) },
    },
    {
      name: 'only-doors-touch-native',
      severity: 'error',
      comment: 'The addon is reached from the rooms that must touch it, and loaded by lib/native.ts alone.',
      from: { path: '^lib/(nn|plot|hub|training|vision/(datasets|models))/' },
      to: { path: '^lib/native\\.ts$' },
    },
    {
      name: 'only-index-is-imported-from-scripts',
      severity: 'error',
      comment: 'The tutorial uses the package as a user does.',
      from: { path: '^scripts/(tutorial|quickstart)' },
      to: { path: '^lib/' },
    },
    {
      name: 'lib-knows-no-scripts',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(scripts|test)/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: false,
    doNotFollow: { path: 'node_modules|dist' },
    exclude: { path: '^dist/' },
  },
};
