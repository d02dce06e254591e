// The thin bar that is always there: where one is, how the connection stands, the plant's time, notices, oneself.
import { ActionIcon, Kbd, Menu, Tooltip, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, Command, Link2, LogOut, Monitor, Moon, Presentation, Server, Sun, User } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Portrait } from '../../ui/Portrait.tsx';
import { clockSeconds, dateTime, zoneName } from '../../ui/time.ts';
import { useNow } from '../../ui/useNow.ts';
import { type Theme, useTheme, useWall } from '../appearance.ts';
import { useApp, useCanAct, useMe, useStation } from '../hooks.ts';
import { useStationState } from '../station.ts';
import { useChooser } from '../stations/stations.ts';
import { useAge } from '../useAge.ts';
import { useGo, usePlantZone } from '../useHere.ts';
import classes from './Bar.module.css';
import { Breadcrumb } from './Breadcrumb.tsx';
import { useOverlays } from './keys.ts';
import { Notices } from './Notices.tsx';

export function Bar() {
  const { t } = useTranslation('app');
  const { machine } = useMe().person;
  const canAct = useCanAct();
  const openPalette = useOverlays((state) => state.show);
  return (
    <header className={classes.bar}>
      <Breadcrumb />
      <div className={classes.space} />
      <Tooltip label={t('bar.commands')}>
        <UnstyledButton className={classes.find} onClick={() => openPalette('palette')} aria-keyshortcuts="Control+K">
          <VisuallyHidden>{t('bar.commands')}</VisuallyHidden>
          <Command size={16} strokeWidth={1.75} aria-hidden />
          <Kbd size="xs">Ctrl K</Kbd>
        </UnstyledButton>
      </Tooltip>
      <Contact />
      <PlantTime />
      {/* Nobody reads what a wall is told. */}
      {!machine && canAct && <Notices />}
      <Account />
    </header>
  );
}

/** Connection and what waits to be sent, in one quiet word; loud only when contact is lost. */
function Contact() {
  const { t } = useTranslation('app');
  const station = useStation();
  const connected = useStationState((state) => state.connected);
  const interrupted = useStationState((state) => state.interrupted);
  const lastContact = useStationState((state) => state.lastContact);
  const age = useAge(lastContact);
  const { data } = useQuery({
    queryKey: ['sync.status'],
    queryFn: () => station.sync.status({}),
    enabled: connected,
    refetchInterval: 30_000,
  });
  const state = connected ? (interrupted ? 'partly' : 'connected') : 'lost';
  const words = data && (data.waiting > 0 ? t('bar.waiting', { count: data.waiting }) : t('bar.recorded', { count: data.recorded }));
  return (
    <Tooltip label={`${t('bar.lastContact', { age })}${words ? ` · ${words}` : ''}`} multiline maw={320}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what the tooltip says must be reachable without a mouse */}
      <div className={classes.contact} data-lost={state !== 'connected'} tabIndex={0} role="status" aria-live="polite">
        {state === 'connected' ? (
          <Link2 size={16} strokeWidth={1.75} aria-hidden />
        ) : (
          <CircleAlert size={16} strokeWidth={1.75} aria-hidden />
        )}
        <span>{t(`bar.${state}`)}</span>
        {!connected && <span className={classes.age}>{age}</span>}
      </div>
    </Tooltip>
  );
}

function PlantTime() {
  const { t } = useTranslation('app');
  const zone = usePlantZone();
  const offset = useStationState((state) => state.clockOffset);
  const now = useNow() + offset;
  return (
    <Tooltip label={`${t('bar.plantTime', { zone })} · ${dateTime(now, zone)}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what the tooltip says must be reachable without a mouse */}
      <time className={classes.time} dateTime={new Date(now).toISOString()} tabIndex={0}>
        {clockSeconds(now, zone)} <span className="quiet">{zoneName(now, zone)}</span>
      </time>
    </Tooltip>
  );
}

const THEMES: { theme: Theme; icon: typeof Sun; label: 'bar.themeLight' | 'bar.themeDark' | 'bar.themeSystem' }[] = [
  { theme: 'light', icon: Sun, label: 'bar.themeLight' },
  { theme: 'dark', icon: Moon, label: 'bar.themeDark' },
  { theme: 'auto', icon: Monitor, label: 'bar.themeSystem' },
];

function Account() {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const me = useMe();
  const go = useGo();
  const { theme, choose } = useTheme();
  const { wall, toggle } = useWall();
  const canAct = useCanAct();
  const show = useOverlays((state) => state.show);
  const chooseStation = useChooser((state) => state.show);
  return (
    <Menu position="bottom-end" width="15rem">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" radius="xl">
          <VisuallyHidden>{t('bar.account', { name: me.person.name })}</VisuallyHidden>
          <Portrait person={me.person} size="1.75rem" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <div className="cut">{me.person.name}</div>
          <div className="cut">{me.person.email}</div>
        </Menu.Label>
        {!me.person.machine && canAct && (
          <Menu.Item leftSection={<User size={16} strokeWidth={1.75} />} onClick={() => go('account')}>
            {t('bar.myAccount')}
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Label>{t('bar.theme')}</Menu.Label>
        {THEMES.map(({ theme: one, icon: Icon, label }) => (
          <Menu.Item
            key={one}
            role="menuitemradio"
            aria-checked={theme === one}
            leftSection={<Icon size={16} strokeWidth={1.75} />}
            rightSection={theme === one ? '•' : null}
            onClick={() => choose(one)}
          >
            {t(label)}
          </Menu.Item>
        ))}
        <Menu.Item
          role="menuitemcheckbox"
          aria-checked={wall}
          leftSection={<Presentation size={16} strokeWidth={1.75} />}
          rightSection={wall ? '•' : null}
          onClick={toggle}
        >
          {t('bar.wall')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<Kbd size="xs">?</Kbd>} onClick={() => show('keys')}>
          {t('bar.keys')}
        </Menu.Item>
        {door.stations && (
          <Menu.Item leftSection={<Server size={16} strokeWidth={1.75} />} onClick={chooseStation}>
            {t('stations.choose')}
          </Menu.Item>
        )}
        {!me.person.machine && canAct && (
          <Menu.Item leftSection={<LogOut size={16} strokeWidth={1.75} />} onClick={() => door.signOut()}>
            {t('bar.signOut')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
