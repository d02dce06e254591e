// A stream of bytes as a file to keep: read piece by piece at the pace of this page, with how far it is and a way to stop it.
import { Button, type ButtonProps } from '@mantine/core';
import { Download } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../contract/errors.ts';
import { proveItIsMe } from '../app/confirm.ts';
import { useApp } from '../app/hooks.ts';
import { announce } from './announce.ts';
import { offer } from './offer.ts';

type Props = {
  stream: string;
  input: unknown;
  name: string;
  type: string;
  label: string;
  look?: Pick<ButtonProps, 'size' | 'variant' | 'color'>;
};

export function SaveFile({ stream, input, name, type, label, look = { variant: 'default' } }: Props) {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const [read, setRead] = useState<number>();
  const stop = useRef<(() => void) | undefined>(undefined);
  useEffect(() => () => stop.current?.(), []);

  function save() {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    setRead(0);
    stop.current = door.channel.read(stream, input, {
      bytes(bytes, offset) {
        pieces.push(bytes.slice());
        setRead(offset + bytes.length);
      },
      end(refusal) {
        setRead(undefined);
        if (refusal === undefined) offer(new Blob(pieces, { type }), name);
        else void refused(refusal);
      },
    });
  }
  async function refused({ code, message }: Refusal) {
    if (code !== 'unconfirmed') announce(message, { title: t(`refusal.${code}`), failed: true });
    else if (await proveItIsMe()) save();
  }
  function cancel() {
    stop.current?.();
    setRead(undefined);
  }
  return (
    <>
      <Button
        {...look}
        leftSection={<Download size={look.size === undefined ? 16 : 14} strokeWidth={1.75} />}
        disabled={read !== undefined}
        onClick={save}
      >
        {read === undefined ? label : t('common.saving', { kilobytes: Math.round(read / 1000) })}
      </Button>
      {read !== undefined && (
        <Button {...look} onClick={cancel}>
          {t('common.cancel')}
        </Button>
      )}
    </>
  );
}
