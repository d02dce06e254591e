// Who owns which port or socket. Two owners on one line would take each other's replies.

export class Taken extends Error {}

export type Ports = {
  /** Throws in words where somebody has it; the answer gives it back. */
  claim(port: string, owner: string): () => void;
  owner(port: string): string | undefined;
};

export function openPorts(): Ports {
  const owners = new Map<string, string>();
  return {
    claim(port, owner) {
      const present = owners.get(port);
      if (present !== undefined) throw new Taken(`${port} is in use by ${present}`);
      owners.set(port, owner);
      let mine = true;
      return () => {
        if (mine) owners.delete(port);
        mine = false;
      };
    },
    owner: (port) => owners.get(port),
  };
}
