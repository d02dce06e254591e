// What every part of the double shares: a name that is not modelled throws, and what an event's listener may prevent is seen.

/** Real names that are not modelled are errors here, not `undefined` as they would be by accident. */
export function strict<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(inner, key) {
      if (!(key in inner) && (typeof key === 'symbol' || key === 'then')) return undefined;
      if (!(key in inner)) throw new Error(`${name}.${String(key)} is not modelled by the double of Electron`);
      const value: unknown = Reflect.get(inner, key);
      return typeof value === 'function' && key !== 'constructor' && key !== 'prototype' ? value.bind(inner) : value;
    },
  });
}

export function refuse(words: string): never {
  throw new Error(words);
}

export type Preventable = { preventDefault(): void };

/** Calls `tell` with an event; true where a listener prevented what comes by itself. */
export function prevented<Facts extends object>(name: string, facts: Facts, tell: (event: Facts & Preventable) => void): boolean {
  let yes = false;
  const preventDefault = () => {
    yes = true;
  };
  tell(strict(name, { ...facts, preventDefault }));
  return yes;
}
