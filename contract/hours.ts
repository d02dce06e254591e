// Hours of the day as a plant's clock shows them: '22:00-06:00', over midnight where the end comes before the start.

export const HOURS = /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/;

/** By the clock on the wall: on a night when it is set, the hours are an hour shorter or longer. The end is not a part of them. */
export function within(hours: string | null, timeZone: string, at: number): boolean {
  const [from, to] = hours?.split('-') ?? [];
  if (from === undefined || to === undefined) return false;
  const now = new Intl.DateTimeFormat('sv-SE', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
  return from <= to ? from <= now && now < to : from <= now || now < to;
}
