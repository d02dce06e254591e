// From a record to everything that happened to it: there it says as well by which act, and from where.
import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { addressOf, type Organisation } from '../app/address.ts';
import { useMay } from '../app/hooks.ts';
import { useHere } from '../app/useHere.ts';
import type { Thing } from './AuditFilterBar.tsx';

/** `organisation`: it is kept there, whatever site one stands at. Left out: it is of the site one stands at. */
export function InAudit({ about, organisation, leave }: { about: Thing; organisation?: Organisation | undefined; leave?: () => void }) {
  const { t } = useTranslation('people');
  const here = useHere();
  const may = useMay();
  const navigate = useNavigate();
  const of = organisation ?? here?.organisation;
  const wide = of !== undefined && may('site.audit', { organisation: of.id });
  const site = organisation !== undefined && wide ? undefined : here?.site;
  if (here === undefined || !(site ? may('site.audit', { site: site.id }) : organisation !== undefined && wide)) return null;
  const go = () => {
    leave?.();
    void navigate({ to: addressOf({ station: here.station, organisation: of, site }, 'audit'), search: { about } as never });
  };
  return (
    <Button variant="default" onClick={go}>
      {t('history.inAudit')}
    </Button>
  );
}
