// The devices of a site with their health, asked for anew every few seconds while somebody looks.
import { useQuery } from '@tanstack/react-query';
import { asRefusal, type StationClient } from '../app/calls.ts';
import { useStation } from '../app/hooks.ts';

export type ListedDevice = Awaited<ReturnType<StationClient['plant']['listDevices']>>['devices'][number];

const EVERY_MS = 3_000;

export function useDevices(site: string | undefined) {
  const station = useStation();
  const { data, error } = useQuery({
    queryKey: ['plant.listDevices', site],
    queryFn: () => station.plant.listDevices({ site: site as string }),
    enabled: site !== undefined,
    refetchInterval: EVERY_MS,
  });
  return { devices: data?.devices, refusal: error ? asRefusal(error) : undefined };
}
