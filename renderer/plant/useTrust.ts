// A value with how far it can be trusted, as this page sees it now.
import { useTranslation } from 'react-i18next';
import type { CurrentValue } from '../../contract/plant.ts';
import { useStationState } from '../app/station.ts';
import { useNow } from '../ui/useNow.ts';
import { type Trust, trustOf } from './trust.ts';

/** The station's time: what is compared with times of devices. */
export function useStationNow(): number {
  const offset = useStationState((state) => state.clockOffset);
  return useNow() + offset;
}

export function useTrust(value: CurrentValue | undefined, scan: string, interrupted: boolean): Trust {
  const { t } = useTranslation('plant');
  const now = useStationNow();
  const connected = useStationState((state) => state.connected);
  return trustOf(value, { scan, now, contact: connected && !interrupted, say: (own) => t(`tag.own.${own}`) });
}
