// The ids that example inputs speak of. The generated sweeps build a small world in which these things exist.

const fixed = (n: number) => `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

export const EXAMPLE = {
  organisation: fixed(0x01),
  site: fixed(0x02),
  building: fixed(0x03),
  system: fixed(0x04),
  team: fixed(0x05),
  admin: fixed(0x10),
  viewer: fixed(0x11),
  session: fixed(0x20),
  grant: fixed(0x21),
  key: fixed(0x22),
  task: fixed(0x30),
  notice: fixed(0x31),
  /** The last change of the administrator. */
  change: fixed(0x40),
  /** A one-pixel PNG. */
  pixel: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGOoaOoBAAL8AYfNyRkeAAAAAElFTkSuQmCC',
} as const;
