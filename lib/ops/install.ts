/** Puts the operators on `Tensor.prototype`. */
import { defineMethod, defineMethodFactory } from './define.js';
import { exceptionMethods } from './exceptions/methods.js';
import { exceptionProperties } from './exceptions/properties.js';
import { factoryMethodNames, methodNames } from './generated/method-names.js';
import { camelCase } from './names.js';

function install(prototype: object, name: string, value: unknown): void {
  // What the class itself has, stays.
  if (name in prototype) return;
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true, enumerable: false });
}

/** Installs hand-written and generated methods; members that the class has are left alone. */
export function installMethods(prototype: object): void {
  for (const [name, method] of Object.entries(exceptionMethods)) install(prototype, name, method);
  for (const [name, get] of Object.entries(exceptionProperties)) {
    if (!(name in prototype))
      Object.defineProperty(prototype, name, {
        get: get as () => unknown,
        configurable: true,
        enumerable: false,
      });
  }
  for (const aten of methodNames.trim().split(/\s+/)) {
    const name = camelCase(aten);
    install(prototype, name, defineMethod(name, `aten::${aten}`));
  }
  for (const aten of factoryMethodNames.trim().split(/\s+/)) {
    const name = camelCase(aten);
    install(prototype, name, defineMethodFactory(name, `aten::${aten}`));
  }
}
