// The log as it is written, and as a file to keep. It waits for nobody: what this page missed is counted.
import { Button, Switch } from '@mantine/core';
import { Download } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../contract/errors.ts';
import { useApp } from '../app/hooks.ts';
import { offer } from '../ui/offer.ts';
import { Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import classes from './watch.module.css';

const LINES_KEPT = 500;

export function LiveLog() {
  const { t } = useTranslation('watch');
  const { door } = useApp();
  const [live, setLive] = useState(false);
  const [lines, setLines] = useState<string[]>([]);
  const [lost, setLost] = useState(0);
  const [refusal, setRefusal] = useState<Refusal>();
  const box = useRef<HTMLPreElement>(null);

  useEffect(() => {
    if (!live) return;
    const decoder = new TextDecoder();
    let rest = '';
    return door.channel.read(
      'watch.liveLog',
      {},
      {
        bytes(bytes) {
          const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n');
          rest = parts.pop() ?? '';
          setLines((before) => [...before, ...parts].slice(-LINES_KEPT));
        },
        lost: (bytes) => setLost((before) => before + bytes),
        end: setRefusal,
      },
    );
  }, [door, live]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are what moves the end into view
  useEffect(() => box.current?.scrollTo({ top: box.current.scrollHeight }), [lines]);

  return (
    <Section
      title={t('log.title')}
      actions={
        <div className={classes.buttons}>
          <Switch label={t('log.live')} checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />
          <SaveLog />
        </div>
      }
    >
      <Refused refusal={refusal} />
      {lost > 0 && <p className="quiet">{t('log.lost', { bytes: lost })}</p>}
      {live && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
        <pre ref={box} className={classes.log} tabIndex={0}>
          {lines.length === 0 ? t('log.waiting') : lines.join('\n')}
        </pre>
      )}
    </Section>
  );
}

/** Reads the file piece by piece at the pace of this page, then hands it to the browser. */
function SaveLog() {
  const { t } = useTranslation('watch');
  const { door } = useApp();
  const [read, setRead] = useState<number>();
  const stop = useRef<(() => void) | undefined>(undefined);
  useEffect(() => () => stop.current?.(), []);

  function save() {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    setRead(0);
    stop.current = door.channel.read(
      'watch.logFile',
      {},
      {
        bytes(bytes, offset) {
          pieces.push(bytes.slice());
          setRead(offset + bytes.length);
        },
        end(refusal) {
          setRead(undefined);
          if (refusal === undefined) offer(new Blob(pieces, { type: 'text/plain' }), 'outpost.log');
        },
      },
    );
  }
  return (
    <Button variant="default" leftSection={<Download size={16} strokeWidth={1.75} />} disabled={read !== undefined} onClick={save}>
      {read === undefined ? t('log.save') : t('log.saving', { kilobytes: Math.round(read / 1000) })}
    </Button>
  );
}
