// An age in words: “4 min ago”.
import { useTranslation } from 'react-i18next';
import { type Age, ageOf } from '../ui/time.ts';
import { useNow } from '../ui/useNow.ts';

export function useAge(since: number | undefined): string {
  const { t } = useTranslation('app');
  const now = useNow();
  if (since === undefined) return '–';
  const { unit, count } = ageOf(now - since) satisfies Age;
  return unit === 'now' ? t('age.now') : t(`age.${unit}`, { count });
}
