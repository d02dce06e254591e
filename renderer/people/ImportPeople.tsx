// Many people at once from a table: chosen or pasted, tried, then added whole; their links are sent to them, or handed out once.
import { Badge, Button, Checkbox, FileButton, Modal, Table, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCommand, useStation } from '../app/hooks.ts';
import { offer } from '../ui/offer.ts';
import { Refused } from '../ui/Refused.tsx';
import { linkAddress } from './AddPerson.tsx';
import { Sending, useLinksByMail } from './MailedLinks.tsx';
import classes from './people.module.css';

type Answer = Awaited<ReturnType<ReturnType<typeof useStation>['people']['importPeople']>>;

export function ImportPeople({ organisation, close }: { organisation: string; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const [csv, setCsv] = useState('');
  const [answer, setAnswer] = useState<Answer>();
  const mayMail = useLinksByMail();
  const [wantsMail, setWantsMail] = useState(true);
  const byMail = mayMail && wantsMail ? { byMail: true as const } : {};
  const send = useCommand((dryRun: boolean) => station.people.importPeople({ organisation, csv, dryRun, ...byMail }), {
    changes: ['people.list'],
    done: setAnswer,
  });
  const refused = answer?.lines.filter(({ outcome }) => outcome === 'refused').length ?? 0;
  function change(text: string) {
    setCsv(text);
    setAnswer(undefined);
    send.clear();
  }
  return (
    <Modal
      opened
      onClose={close}
      size="44rem"
      title={t('import.title')}
      closeOnClickOutside={!answer?.done}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
    >
      <div className={classes.form}>
        {!answer?.done && (
          <>
            <p>{t('import.hint')}</p>
            <Textarea
              label={t('import.table')}
              placeholder={t('import.example')}
              minRows={5}
              maxRows={8}
              autosize
              data-autofocus
              value={csv}
              onChange={(event) => change(event.currentTarget.value)}
            />
            <div>
              <FileButton accept=".csv,text/csv,text/plain" onChange={(file) => void file?.text().then(change)}>
                {(props) => (
                  <Button {...props} variant="default">
                    {t('import.file')}
                  </Button>
                )}
              </FileButton>
            </div>
            {mayMail && (
              <Checkbox
                label={t('mail.chooseMany')}
                description={t('mail.chooseHint')}
                checked={wantsMail}
                onChange={(event) => {
                  setWantsMail(event.currentTarget.checked);
                  setAnswer(undefined);
                }}
              />
            )}
          </>
        )}
        <Refused refusal={send.refusal} />
        {answer && (
          <>
            <p role="status">
              {t(summaryOf(answer, refused), { count: answer.done ? answer.lines.length : refused || answer.lines.length })}
            </p>
            {answer.mail !== null && <Sending task={answer.mail} sent={t('mail.sentMany')} />}
            <Outcomes answer={answer} />
          </>
        )}
        <div className={classes.buttons}>
          {answer?.done ? (
            <>
              {answer.lines.some(({ link }) => link !== null) && (
                <Button variant="default" onClick={() => offer(new Blob([linksOf(answer)], { type: 'text/csv' }), t('import.fileName'))}>
                  {t('import.save')}
                </Button>
              )}
              <Button onClick={close}>{t('add.done')}</Button>
            </>
          ) : (
            <>
              <Button variant="default" onClick={close}>
                {t('app:common.cancel')}
              </Button>
              {answer && refused === 0 ? (
                <Button loading={send.busy} onClick={() => void send.run(false)}>
                  {t('import.carryOut')}
                </Button>
              ) : (
                <Button loading={send.busy} disabled={csv.trim() === ''} onClick={() => void send.run(true)}>
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

function summaryOf({ done, lines }: Answer, refused: number) {
  if (!done) return refused > 0 ? 'import.refused' : 'import.ready';
  return lines.some(({ link }) => link !== null) ? 'import.done' : 'import.doneByMail';
}

function Outcomes({ answer }: { answer: Answer }) {
  const { t } = useTranslation('people');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard
    <div className={classes.outcomes} tabIndex={0}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('import.line')}</Table.Th>
            <Table.Th>{t('list.email')}</Table.Th>
            <Table.Th>{t('import.outcome')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {answer.lines.map(({ line, email, outcome, message, mailed }) => (
            <Table.Tr key={line}>
              <Table.Td className="quiet">{line}</Table.Td>
              <Table.Td className="cut">{email}</Table.Td>
              <Table.Td>
                <Badge>{t(`import.as.${outcome}`)}</Badge> {message}
                {mailed && <span className="quiet">{t('import.byMail')}</span>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** For whoever hands the links out. No address needs quoting; one that a spreadsheet would reckon with is kept from it. */
const linksOf = ({ lines }: Answer): string =>
  [
    'email,link',
    ...lines.flatMap(({ email, link }) => (link === null ? [] : [`${email.replace(/^[=+@-]/, "'$&")},${linkAddress(link)}`])),
  ].join('\r\n');
