// How far a value can be trusted: a shape and a word; colour only where something is wrong.
import { CircleCheck, CircleHelp, Hand, OctagonX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import classes from './Devices.module.css';
import type { Trust } from './trust.ts';

const ICONS = { good: CircleCheck, uncertain: CircleHelp, bad: OctagonX, substituted: Hand } as const;
export const LOOKS = { good: 'quiet', uncertain: 'attention', bad: 'alarm', substituted: 'attention' } as const;

export function Quality({ trust: { quality, reason } }: { trust: Trust }) {
  const { t } = useTranslation('plant');
  const Icon = ICONS[quality];
  const words = reason === undefined ? t(`tag.quality.${quality}`) : t('tag.because', { quality: t(`tag.quality.${quality}`), reason });
  return (
    <span className={classes.state} data-look={LOOKS[quality]} title={words}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      <span className="cut">{words}</span>
    </span>
  );
}
