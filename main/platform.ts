// What a host lends the station. Everything a desktop, an edge and a hub do differently goes through here.

import type { UpdateAnswer, UpdateState, UpdateStep } from '../contract/watch/updates.ts';

/** Who can replace the program itself. */
export type Updates = {
  state(): Promise<UpdateState>;
  go(step: UpdateStep): Promise<UpdateAnswer>;
};

export type Platform = {
  host: 'edge' | 'hub' | 'desktop';
  /** 32 bytes that seal the secrets of this station. */
  secretKey(): Promise<Uint8Array>;
  /** Where the host installs its own updates. */
  updates?: Updates;
};
