// The audit as a file to keep: what the page shows, whole. Read piece by piece at the pace of this page.
import { Button } from '@mantine/core';
import { Download } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../contract/errors.ts';
import type { AuditFilter } from '../../contract/people.ts';
import { useApp } from '../app/hooks.ts';
import { offer } from '../ui/offer.ts';
import { Refused } from '../ui/Refused.tsx';

export function SaveAudit({ asked }: { asked: AuditFilter }) {
  const { t } = useTranslation('people');
  const { door } = useApp();
  const [read, setRead] = useState<number>();
  const [refusal, setRefusal] = useState<Refusal>();
  const stop = useRef<(() => void) | undefined>(undefined);
  useEffect(() => () => stop.current?.(), []);

  function save() {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    setRead(0);
    setRefusal(undefined);
    stop.current = door.channel.read('people.auditFile', asked, {
      bytes(bytes, offset) {
        pieces.push(bytes.slice());
        setRead(offset + bytes.length);
      },
      end(ended) {
        setRead(undefined);
        setRefusal(ended);
        if (ended === undefined) offer(new Blob(pieces, { type: 'text/csv' }), 'audit.csv');
      },
    });
  }
  return (
    <>
      <Refused refusal={refusal} />
      <Button variant="default" leftSection={<Download size={16} strokeWidth={1.75} />} disabled={read !== undefined} onClick={save}>
        {read === undefined ? t('audit.save') : t('audit.saving', { kilobytes: Math.round(read / 1000) })}
      </Button>
    </>
  );
}
