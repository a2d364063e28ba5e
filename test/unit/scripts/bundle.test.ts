import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import * as errors from '../../../lib/errors.js';
import * as modules from '../../../lib/index.js';
import { packageRoot } from '../../../scripts/support/package-root.js';

describe('the bundle', () => {
  const folder = join(packageRoot(), 'dist', 'bundle');

  it('has the names of the modules', () => {
    const names = ({ nn, optim, models, datasets, transforms, utils, hub, ...rest }: typeof modules) =>
      [nn, optim, models, datasets, transforms, utils, hub, rest].map((room) => Object.keys(room).sort());
    expect(names(torch as typeof modules)).to.deep.equal(names(modules));
  });

  it('keeps the names of classes and functions that are in several files', () => {
    expect(torch.nn.Linear.name).to.equal('Linear');
    expect(torch.nn.functional.linear.name).to.equal('linear');
    expect(torch.load.name).to.equal('load');
    expect(torch.jit.load.name).to.equal('load');
    expect(String(new torch.nn.ReLU())).to.equal('ReLU()');
  });

  it('shares the classes of errors with the modules', () => {
    expect(torch.ShapeError).to.equal(errors.ShapeError);
    expect(() => torch.ones(2).add(torch.ones(3))).to.throw(errors.ShapeError);
  });

  it('reaches no package before one is used', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.js'));
    const paths = [...files.map((name) => join(folder, name)), join(folder, '..', 'lib', 'native.js')];
    for (const path of paths) {
      const text = readFileSync(path, 'utf8');
      const sources = [...text.matchAll(/^(?:import|export|\})[^;()]*?from ['"]([^'"]+)['"];/gms)].map(
        ([, name]) => name!,
      );
      expect(
        sources.filter((name) => !/^(\.|node:)/.test(name)),
        path,
      ).to.deep.equal([]);
    }
    expect(files).to.have.length.below(10);
  });

  it('has maps to the TypeScript', () => {
    const map = JSON.parse(readFileSync(join(folder, 'index.js.map'), 'utf8')) as { sources: string[] };
    expect(map.sources).to.include('../../lib/nn/modules/linear.ts');
  });
});
