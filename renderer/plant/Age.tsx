// How old something is by the station's clock: “4 min ago”.
import { useStationState } from '../app/station.ts';
import { useAge } from '../app/useAge.ts';

export function Age({ time }: { time: number | null | undefined }) {
  const offset = useStationState((state) => state.clockOffset);
  return <span className="quiet">{useAge(time == null ? undefined : time - offset)}</span>;
}
