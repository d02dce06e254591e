// How a device is: a shape and a word; colour only where something is wrong.
import { CircleAlert, CircleCheck, CircleDashed, CircleOff, OctagonAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import classes from './Devices.module.css';
import type { ListedDevice } from './useDevices.ts';

const ICONS = { off: CircleOff, unknown: CircleDashed, up: CircleCheck, failing: CircleAlert, down: OctagonAlert } as const;
const LOOKS = { off: 'quiet', unknown: 'quiet', up: 'quiet', failing: 'attention', down: 'alarm' } as const;

export function Health({ health: { state, reason } }: Pick<ListedDevice, 'health'>) {
  const { t } = useTranslation('plant');
  const Icon = ICONS[state];
  const words = reason === null ? t(`device.state.${state}`) : t('device.because', { state: t(`device.state.${state}`), reason });
  return (
    <span className={classes.state} data-look={LOOKS[state]} title={words}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      <span className="cut">{words}</span>
    </span>
  );
}
