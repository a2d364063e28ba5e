import { inspect } from 'node:util';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn } from 'torchts';
import { camelKeys, type FixtureTensor, loadFixtures, toTensor } from '../support/fixtures.js';

interface Row {
  title: string;
  tensor: FixtureTensor;
  text: string;
  options?: Record<string, number | boolean | string>;
  requiresGrad?: boolean;
  parameter?: boolean;
  method?: string;
  args?: unknown[];
}

const { rows } = loadFixtures<{ rows: Row[] }>('printing');

function printed({ tensor, requiresGrad, parameter, method, args = [] }: Row): string {
  let value = toTensor(tensor);
  if (parameter) value = new nn.Parameter(value);
  if (requiresGrad) value.requiresGrad_();
  if (method) {
    const methods = value as unknown as Record<string, (...args: unknown[]) => torch.Tensor>;
    value = methods[method]!(...args);
  }
  const text = String(value);
  expect(inspect(value), 'as the console prints it').to.equal(text);
  return text;
}

describe('parity: printed tensors', () => {
  afterEach(() => {
    torch.setPrintoptions({ profile: 'default' });
  });

  for (const row of rows) {
    it(`${row.title}${row.options ? ` ${JSON.stringify(row.options)}` : ''}`, () => {
      if (row.options) torch.setPrintoptions(camelKeys(row.options));
      expect(printed(row)).to.equal(row.text);
    });
  }
});
