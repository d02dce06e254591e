// The second factor of one's own account: begun with an app on the phone, confirmed by its first code, kept with recovery codes.
import { Button, Modal, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { encode } from 'uqr';
import { useCommand, useStation } from '../app/hooks.ts';
import { usePlantZone } from '../app/useHere.ts';
import { Deliberate } from '../ui/Deliberate.tsx';
import { Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { date } from '../ui/time.ts';
import { TextToCopy } from './AddPerson.tsx';
import classes from './people.module.css';
import { useAgent } from './useAgent.ts';

type Remembered = { createdAt: number; agent: string };

type Begun = { secret: string; address: string };

export function SecondFactor() {
  const { t } = useTranslation('people');
  const station = useStation();
  const zone = usePlantZone();
  const { data } = useQuery({ queryKey: ['people.secondFactor'], queryFn: () => station.people.secondFactor({}) });
  const [begun, setBegun] = useState<Begun>();
  const [codes, setCodes] = useState<string[]>();
  const changes = { changes: ['people.secondFactor'] };
  const begin = useCommand(() => station.people.beginSecondFactor({}), { ...changes, done: setBegun });
  const renew = useCommand(() => station.people.renewRecoveryCodes({}), {
    ...changes,
    done: ({ recoveryCodes }) => setCodes(recoveryCodes),
  });
  const remove = useCommand(() => station.people.removeSecondFactor({}), changes);
  const forget = useCommand(() => station.people.forgetDevices({}), changes);
  if (data === undefined) return null;
  return (
    <Section title={t('factor.title')}>
      <div className={classes.form}>
        {data.since === null ? (
          <>
            <p className="quiet">{t('factor.none')}</p>
            <div>
              <Button variant="default" loading={begin.busy} onClick={() => void begin.run(undefined)}>
                {t('factor.begin')}
              </Button>
            </div>
          </>
        ) : (
          <>
            <p>
              {t('factor.since', { date: date(data.since, zone) })} · {t('factor.left', { count: data.recoveryCodesLeft })} ·{' '}
              {t('factor.devices', { count: data.devices.length })}
            </p>
            {data.devices.length > 0 && (
              <ul className={classes.rows}>
                {data.devices.map((device) => (
                  <Device key={`${device.createdAt} ${device.agent}`} device={device} />
                ))}
              </ul>
            )}
            <div className={classes.badges}>
              <Button variant="default" loading={renew.busy} onClick={() => void renew.run(undefined)}>
                {t('factor.renew')}
              </Button>
              {data.devices.length > 0 && (
                <Button variant="default" loading={forget.busy} onClick={() => void forget.run(undefined)}>
                  {t('factor.forget')}
                </Button>
              )}
              <Deliberate question={t('factor.removeSure')} act={t('factor.removeIt')} onAct={() => void remove.run(undefined)}>
                {(ask) => (
                  <Button variant="subtle" color="gray" loading={remove.busy} onClick={ask}>
                    {t('factor.remove')}
                  </Button>
                )}
              </Deliberate>
            </div>
          </>
        )}
        <Refused refusal={begin.refusal ?? renew.refusal ?? remove.refusal ?? forget.refusal} />
      </div>
      {begun && (
        <Enrol
          begun={begun}
          close={() => setBegun(undefined)}
          done={(given) => {
            setBegun(undefined);
            setCodes(given);
          }}
        />
      )}
      {codes && <RecoveryCodes codes={codes} close={() => setCodes(undefined)} />}
    </Section>
  );
}

function Device({ device }: { device: Remembered }) {
  const { t } = useTranslation('people');
  const zone = usePlantZone();
  const agent = useAgent(device.agent);
  return <li className="cut">{t('factor.device', { date: date(device.createdAt, zone), agent })}</li>;
}

function Enrol({ begun, close, done }: { begun: Begun; close(): void; done(codes: string[]): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const [code, setCode] = useState('');
  const confirm = useCommand(() => station.people.confirmSecondFactor({ code }), {
    changes: ['people.secondFactor'],
    done: ({ recoveryCodes }) => done(recoveryCodes),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    void confirm.run(undefined);
  }
  return (
    <Modal opened onClose={close} title={t('factor.begin')} closeButtonProps={{ 'aria-label': t('app:common.close') }}>
      <form onSubmit={submit} className={classes.form}>
        <p>{t('factor.scan')}</p>
        <QrCode text={begun.address} label={t('factor.qr')} />
        <p className="quiet">{t('factor.type')}</p>
        <TextToCopy text={begun.secret} />
        <TextInput
          label={t('factor.first')}
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          data-autofocus
          maxLength={7}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <Refused refusal={confirm.refusal} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={close}>
            {t('app:common.cancel')}
          </Button>
          <Button type="submit" loading={confirm.busy}>
            {t('factor.confirm')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Dark on light in either theme: cameras read nothing else for certain. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { border: 2 });
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <svg viewBox={`0 0 ${size} ${size}`} className={classes.qr} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={`M0 0h${size}v${size}H0z`} fill="#ffffff" />
      <path d={dark} fill="#000000" />
    </svg>
  );
}

function RecoveryCodes({ codes, close }: { codes: string[]; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  return (
    <Modal
      opened
      onClose={close}
      title={t('factor.codes')}
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
    >
      <div className={classes.form}>
        <p>{t('factor.codesHint')}</p>
        <ol className={classes.codes}>
          {codes.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ol>
        <div className={classes.buttons}>
          <Button onClick={close}>{t('factor.kept')}</Button>
        </div>
      </div>
    </Modal>
  );
}
