// Chooses the station this window is at: this computer, one that was confirmed before, another one by its address, or one the network names.
import { ActionIcon, Button, Modal, TextInput, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { Check, Trash2 } from 'lucide-react';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { FoundStation, KnownStation, LookedAt } from '../../../contract/relay.ts';
import { Refused } from '../../ui/Refused.tsx';
import { useApp, useCommand } from '../hooks.ts';
import { useAge } from '../useAge.ts';
import { Fingerprint } from './Fingerprint.tsx';
import classes from './stations.module.css';
import { addressTyped, type Desk, goToStation, type Stations, useChooser } from './stations.ts';

export function Chooser() {
  const { stations } = useApp().door;
  const open = useChooser((state) => state.open);
  return stations && open ? <Dialog stations={stations} /> : null;
}

type Step = { at: 'list' } | { at: 'address' } | { at: 'compare'; looked: LookedAt } | { at: 'forget'; station: KnownStation };
const TITLES = { list: 'title', address: 'other', compare: 'compare', forget: 'forgetTitle' } as const;

function Dialog({ stations }: { stations: Stations }) {
  const { t } = useTranslation('app');
  const close = useChooser((state) => state.close);
  const [desk, setDesk] = useState<Desk>();
  const [step, setStep] = useState<Step>({ at: 'list' });
  useEffect(() => {
    const opened = stations.open();
    setDesk(opened);
    return () => opened.close();
  }, [stations]);
  const list = () => setStep({ at: 'list' });
  const look = useCommand(async (address: string) => {
    if (desk) setStep({ at: 'compare', looked: await desk.look(address) });
  });
  return (
    <Modal opened onClose={close} title={t(`stations.${TITLES[step.at]}`)} size="md" closeButtonProps={{ 'aria-label': t('common.close') }}>
      {desk && step.at === 'list' && <List desk={desk} stations={stations} look={look} goTo={setStep} />}
      {desk && step.at === 'address' && <Address look={look} back={list} />}
      {desk && step.at === 'compare' && <Compare desk={desk} looked={step.looked} back={list} />}
      {desk && step.at === 'forget' && <Forget desk={desk} stations={stations} station={step.station} back={list} />}
    </Modal>
  );
}

type Looking = ReturnType<typeof useCommand<string, void>>;

function List({ desk, stations, look, goTo }: { desk: Desk; stations: Stations; look: Looking; goTo(step: Step): void }) {
  const { t } = useTranslation('app');
  const [known, setKnown] = useState<readonly KnownStation[]>([]);
  useEffect(() => {
    desk.list().then(setKnown, () => {});
  }, [desk]);
  return (
    <div className={classes.chooser}>
      <ul className={classes.list}>
        <Row name={t('stations.here')} hint={t('stations.hereHint')} chosen={stations.at === undefined} go={() => goToStation(undefined)} />
        {known.map((one) => (
          <Known key={one.address} one={one} chosen={one.address === stations.at} forget={() => goTo({ at: 'forget', station: one })} />
        ))}
      </ul>
      <Button
        variant="default"
        onClick={() => {
          look.clear();
          goTo({ at: 'address' });
        }}
      >
        {t('stations.other')}
      </Button>
      <Network desk={desk} known={known} look={look} />
    </div>
  );
}

function Row({ name, hint, chosen, go, children }: { name: string; hint: ReactNode; chosen: boolean; go(): void; children?: ReactNode }) {
  const { t } = useTranslation('app');
  const close = useChooser((state) => state.close);
  return (
    <li>
      <UnstyledButton className={classes.row} aria-current={chosen ? 'true' : undefined} onClick={() => (chosen ? close() : go())}>
        <span className={classes.name}>
          {name}
          {chosen && (
            <>
              <Check size={16} strokeWidth={1.75} aria-hidden />
              <VisuallyHidden>{t('stations.present')}</VisuallyHidden>
            </>
          )}
        </span>
        <span className={classes.hint}>{hint}</span>
      </UnstyledButton>
      {children}
    </li>
  );
}

function Known({ one, chosen, forget }: { one: KnownStation; chosen: boolean; forget(): void }) {
  const { t } = useTranslation('app');
  const age = useAge(one.lastUsed);
  const name = one.name || one.address;
  const hint = `${one.name === '' ? '' : `${one.address} · `}${t('stations.used', { age })}`;
  return (
    <Row name={name} hint={hint} chosen={chosen} go={() => goToStation(one.address)}>
      <ActionIcon variant="subtle" color="gray" size="2.75rem" onClick={forget}>
        <VisuallyHidden>{t('stations.forget', { name })}</VisuallyHidden>
        <Trash2 size={16} strokeWidth={1.75} aria-hidden />
      </ActionIcon>
    </Row>
  );
}

/** Nobody is asked before somebody presses, and no longer than this is open. */
function Network({ desk, known, look }: { desk: Desk; known: readonly KnownStation[]; look: Looking }) {
  const { t } = useTranslation('app');
  const [found, setFound] = useState<readonly FoundStation[]>();
  const find = useCommand(async () => {
    setFound([]);
    await desk.find((one) => setFound((before = []) => [...before.filter(({ address }) => address !== one.address), one]));
  });
  const others = found?.filter(({ address }) => known.every((one) => one.address !== address));
  return (
    <section className={classes.chooser}>
      <h2 className={classes.heading}>{t('stations.network')}</h2>
      <p className="quiet">{t(others === undefined ? 'stations.networkHint' : 'stations.finding')}</p>
      {others === undefined && (
        <Button variant="default" onClick={() => void find.run(undefined)}>
          {t('stations.find')}
        </Button>
      )}
      <ul className={classes.list} aria-live="polite">
        {others?.map(({ address, name, begins }) => (
          <Row
            key={address}
            name={name || t('stations.unnamed')}
            hint={`${address} · ${t('stations.begins', { begins })}`}
            chosen={false}
            go={() => void look.run(address)}
          />
        ))}
      </ul>
      <Refused refusal={find.refusal ?? look.refusal} />
    </section>
  );
}

function Address({ look, back }: { look: Looking; back(): void }) {
  const { t } = useTranslation('app');
  const [address, setAddress] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    void look.run(addressTyped(address));
  }
  return (
    <form className={classes.chooser} onSubmit={submit}>
      <TextInput
        label={t('stations.address')}
        description={t('stations.addressHint')}
        required
        data-autofocus
        autoFocus
        maxLength={300}
        spellCheck={false}
        autoCapitalize="off"
        value={address}
        error={look.refusal?.message}
        onChange={(event) => setAddress(event.currentTarget.value)}
      />
      <Buttons back={back}>
        <Button type="submit" loading={look.busy}>
          {t('stations.look')}
        </Button>
      </Buttons>
    </form>
  );
}

function Compare({ desk, looked: { address, fingerprint, known }, back }: { desk: Desk; looked: LookedAt; back(): void }) {
  const { t } = useTranslation('app');
  const go = useCommand(
    async () => {
      if (!known) await desk.trust(address, fingerprint);
    },
    { done: () => goToStation(address) },
  );
  return (
    <div className={classes.chooser}>
      <p className={classes.address}>
        <strong>{address}</strong>
      </p>
      {fingerprint === null ? (
        <p>{t('stations.plain')}</p>
      ) : (
        <>
          <p>{t('stations.compareHint')}</p>
          <Fingerprint label={t('stations.fingerprint')} value={fingerprint} />
        </>
      )}
      <Refused refusal={go.refusal} />
      <Buttons back={back}>
        <Button loading={go.busy} onClick={() => void go.run(undefined)}>
          {t(fingerprint === null || known ? 'stations.goThere' : 'stations.same')}
        </Button>
      </Buttons>
    </div>
  );
}

function Forget({ desk, stations, station, back }: { desk: Desk; stations: Stations; station: KnownStation; back(): void }) {
  const { t } = useTranslation('app');
  const { address, name } = station;
  const forget = useCommand(() => desk.forget(address), {
    done() {
      stations.forgetKept(address);
      if (stations.at === address) goToStation(undefined);
      else back();
    },
  });
  return (
    <div className={classes.chooser}>
      <p className={classes.address}>
        <strong>{name || address}</strong>
      </p>
      <p>{t('stations.forgetHint')}</p>
      <Refused refusal={forget.refusal} />
      <Buttons back={back}>
        <Button loading={forget.busy} onClick={() => void forget.run(undefined)}>
          {t('stations.doForget')}
        </Button>
      </Buttons>
    </div>
  );
}

function Buttons({ back, children }: { back(): void; children: ReactNode }) {
  const { t } = useTranslation('app');
  return (
    <div className={classes.buttons}>
      <Button variant="default" onClick={back}>
        {t('stations.back')}
      </Button>
      {children}
    </div>
  );
}
