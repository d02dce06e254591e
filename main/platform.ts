// What a host lends the station. Everything a desktop, an edge and a hub do differently goes through here.

export type Platform = {
  host: 'edge' | 'hub' | 'desktop';
  /** 32 bytes that seal the secrets of this station. */
  secretKey(): Promise<Uint8Array>;
};
