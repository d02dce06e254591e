// Devices and tags from a document: chosen or pasted, tried, then carried out whole or not at all.
import { Button, FileButton, Modal, Table, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Refusal } from '../../contract/errors.ts';
import type { Difference, PlantDocument } from '../../contract/plant.ts';
import { CALL_BYTES } from '../../contract/procedure.ts';
import type { StationClient } from '../app/calls.ts';
import { useCommand, useStation } from '../app/hooks.ts';
import { Refused } from '../ui/Refused.tsx';
import classes from './Devices.module.css';

type Answer = Awaited<ReturnType<StationClient['plant']['importConfig']>>;

/** What goes with the document in a call. */
const ENVELOPE_BYTES = 1_000;
/** More are counted, not listed. */
const MOST_SHOWN = 200;

export function ImportDevices({ site, close }: { site: string; close(): void }) {
  const { t } = useTranslation(['plant', 'app']);
  const station = useStation();
  const [text, setText] = useState('');
  const [tooLarge, setTooLarge] = useState(false);
  const [answer, setAnswer] = useState<Answer>();
  const send = useCommand((dryRun: boolean) => station.plant.importConfig({ site, document: documentOf(text), dryRun }), {
    changes: ['plant.listDevices', 'plant.listTags'],
    done: setAnswer,
  });
  function change(next: string) {
    setText(next);
    setTooLarge(bytesOf(next) > CALL_BYTES - ENVELOPE_BYTES);
    setAnswer(undefined);
    send.clear();
  }
  function choose(file: File | null) {
    if (file === null) return;
    if (file.size <= CALL_BYTES - ENVELOPE_BYTES) return void file.text().then(change);
    change('');
    setTooLarge(true);
  }
  /** The form is the station's to judge; that it is JSON at all is seen here. */
  function documentOf(json: string): PlantDocument {
    try {
      return JSON.parse(json) as PlantDocument;
    } catch (error) {
      const message = t('import.notJson', { why: (error as Error).message });
      throw new Refusal('invalid', message, { issues: [{ path: '', message }] });
    }
  }
  const wrong = (send.refusal?.data?.issues as unknown[] | undefined)?.length;
  return (
    <Modal opened onClose={close} size="56rem" title={t('import.title')} closeButtonProps={{ 'aria-label': t('app:common.close') }}>
      <div className={classes.form}>
        {!answer?.done && (
          <>
            <p>{t('import.hint')}</p>
            <Textarea
              label={t('import.document')}
              rows={answer ? 3 : 8}
              data-autofocus
              spellCheck={false}
              classNames={{ input: 'mono' }}
              value={text}
              onChange={(event) => change(event.currentTarget.value)}
            />
            <div>
              <FileButton accept=".json,application/json" onChange={choose}>
                {(props) => (
                  <Button {...props} variant="default">
                    {t('import.file')}
                  </Button>
                )}
              </FileButton>
            </div>
          </>
        )}
        {tooLarge && <p role="alert">{t('import.tooLarge')}</p>}
        {wrong !== undefined && <p role="status">{t('import.refused', { count: Number(send.refusal?.data?.wrong ?? wrong) })}</p>}
        {send.refusal && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
          <div className={classes.scrolls} tabIndex={0}>
            <Refused refusal={send.refusal} />
          </div>
        )}
        {answer && (
          <>
            <p role="status">
              {t(answer.done ? 'import.done' : 'import.ready', {
                changes: t('import.changes', { count: answer.differences.length }),
                unchanged: t('import.unchanged', { count: answer.unchanged }),
              })}
            </p>
            {answer.differences.length > 0 && <Differences differences={answer.differences} />}
          </>
        )}
        <div className={classes.buttons}>
          {answer?.done ? (
            <Button onClick={close}>{t('import.close')}</Button>
          ) : (
            <>
              <Button variant="default" onClick={close}>
                {t('app:common.cancel')}
              </Button>
              {answer && answer.differences.length > 0 ? (
                <Button loading={send.busy} onClick={() => void send.run(false)}>
                  {t('import.carryOut')}
                </Button>
              ) : (
                <Button loading={send.busy} disabled={text.trim() === '' || tooLarge} onClick={() => void send.run(true)}>
                  {t('import.try')}
                </Button>
              )}
            </>
          )}
        </div>
      </div>
    </Modal>
  );
}

function Differences({ differences }: { differences: readonly Difference[] }) {
  const { t } = useTranslation('plant');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
    <div className={classes.scrolls} tabIndex={0}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('import.what')}</Table.Th>
            <Table.Th>{t('import.change')}</Table.Th>
            <Table.Th>{t('import.fields')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {differences.slice(0, MOST_SHOWN).map(({ kind, id, change, fields }) => (
            <Table.Tr key={`${kind} ${id}`}>
              <Table.Td>
                {t(`import.kind.${kind}`)} <strong>{id}</strong>
              </Table.Td>
              <Table.Td>{t(`import.as.${change}`)}</Table.Td>
              <Table.Td>
                {fields.map(({ field, before, after }) => (
                  <div key={field}>
                    <span className="quiet">{field}</span> {before === null ? '' : `${JSON.stringify(before)} → `}
                    {JSON.stringify(after)}
                  </div>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {differences.length > MOST_SHOWN && <p className="quiet">{t('import.more', { count: differences.length - MOST_SHOWN })}</p>}
    </div>
  );
}

const bytesOf = (text: string) => new Blob([text]).size;
