// An address without a page, or a person without a place: said plainly, with the way on.
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty, Page } from '../../ui/Page.tsx';
import { addressOf, homeOf } from '../address.ts';
import { useMe } from '../hooks.ts';

export function NothingHere() {
  const { t } = useTranslation('app');
  const me = useMe();
  const navigate = useNavigate();
  if (me.secondFactorNeeded)
    return (
      <Page title={t('nothingHere.secondFactor')}>
        <Empty action={<Button onClick={() => void navigate({ to: addressOf(homeOf(me), 'account') })}>{t('bar.myAccount')}</Button>}>
          {t('nothingHere.secondFactorHint')}
        </Empty>
      </Page>
    );
  if (me.sites.length === 0 && me.organisations.length === 0)
    return (
      <Page title={t('nothingHere.noSites')}>
        <Empty>{t('nothingHere.noSitesHint')}</Empty>
      </Page>
    );
  return (
    <Page title={t('nothingHere.title')}>
      <Empty action={<Button onClick={() => void navigate({ to: addressOf(homeOf(me), 'plant') })}>{t('nothingHere.home')}</Button>}>
        {t('nothingHere.page')}
      </Empty>
    </Page>
  );
}
