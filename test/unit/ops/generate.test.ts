import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { generate } from '../../../scripts/generate-ops/main.js';
import { parseSchema } from '../../../scripts/generate-ops/schema.js';
import { findSource } from '../../../scripts/generate-ops/source.js';
import { userContext } from '../../../scripts/support/context.js';
import { packageRoot } from '../../../scripts/support/package-root.js';
import { camelCase } from '../../../lib/ops/names.js';

describe('the generator of operators', () => {
  it('reads a schema', () => {
    const schema = parseSchema(
      'max.dim_max(Tensor self, int[1]? dim, bool keepdim=False, *, Tensor(a!) max, str mode="a, b") -> (Tensor(a!) values, Tensor indices)',
    );
    expect(schema.name).to.equal('max');
    expect(schema.overload).to.equal('dim_max');
    expect(
      schema.args.map((arg) => [arg.type, arg.name, arg.fallback, arg.keywordOnly, arg.written]),
    ).to.deep.equal([
      ['Tensor', 'self', undefined, false, false],
      ['int[1]?', 'dim', undefined, false, false],
      ['bool', 'keepdim', 'False', false, false],
      ['Tensor', 'max', undefined, true, true],
      ['str', 'mode', '"a, b"', true, false],
    ]);
    expect(schema.returns.map((item) => item.name)).to.deep.equal(['values', 'indices']);
  });

  it('refuses what is no schema', () => {
    expect(() => parseSchema('add(Tensor self')).to.throw(/cannot read the schema/);
  });

  it('names as the rule has it', () => {
    expect(
      ['index_add_', 'atleast_1d', 'log_softmax', 'nan_to_num', 'T', 'squeezenet1_0', '_unique2'].map(
        camelCase,
      ),
    ).to.deep.equal(['indexAdd_', 'atleast_1d', 'logSoftmax', 'nanToNum', 'T', 'squeezenet1_0', '_unique2']);
  });

  it('writes the very files that are committed', async function () {
    this.timeout(60_000);
    const source = await findSource(userContext());
    if (source === undefined) {
      console.log("        skipped: LibTorch here comes without Python's torchgen/native_functions.yaml");
      this.skip();
    }
    const folder = join(packageRoot(), 'lib', 'ops', 'generated');
    const files = generate(source);
    expect(readdirSync(folder).sort()).to.deep.equal([...files.keys()].sort());
    for (const [name, text] of files)
      expect(readFileSync(join(folder, name), 'utf8') === text, name).to.equal(true);
  });
});
