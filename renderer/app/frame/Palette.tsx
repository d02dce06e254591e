// Ctrl+K: everything one can go to, find or do, by typing a few letters of it.
import { Spotlight, type SpotlightActionGroupData, spotlight } from '@mantine/spotlight';
import { LogOut, MapPin, Moon, Presentation, Search, Sun, Undo2, User } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { homeOf } from '../address.ts';
import { useTheme, useWall } from '../appearance.ts';
import type { PaletteCommand, PaletteContext, ScreenContext } from '../area.ts';
import { useAreas, useScreenContext } from '../areas.ts';
import { useApp } from '../hooks.ts';
import { useLastChange, useUndo } from '../undo.ts';
import { useGo } from '../useHere.ts';
import { useOverlays } from './keys.ts';

export function Palette() {
  const context = useScreenContext();
  return context && <Commands context={context} />;
}

function Commands({ context }: { context: ScreenContext }) {
  const { t } = useTranslation('app');
  const open = useOverlays((state) => state.open === 'palette');
  const close = useOverlays((state) => state.close);
  useEffect(() => {
    if (open) spotlight.open();
  }, [open]);
  const groups = useGroups(context, open);
  return (
    <Spotlight
      shortcut={null}
      actions={open ? groups : []}
      title={t('bar.commands')}
      // Only read out: the field below says the same to the eye.
      styles={{ header: { display: 'none' } }}
      onSpotlightClose={close}
      nothingFound={t('palette.nothing')}
      highlightQuery
      scrollable
      maxHeight="60vh"
      searchProps={{
        leftSection: <Search size={16} strokeWidth={1.75} />,
        placeholder: t('palette.placeholder'),
        'aria-label': t('palette.placeholder'),
      }}
    />
  );
}

function useGroups(context: ScreenContext, open: boolean): SpotlightActionGroupData[] {
  const { t } = useTranslation('app');
  const areas = useAreas();
  const go = useGo();
  const asking: PaletteContext = { ...context, t: (key, values = {}) => String(t(key as never, values as never)), go };
  const own = useOwnCommands(context, open);
  const found = useFound(asking);
  const pages = areas.flatMap((area) =>
    area.rail
      .filter((entry) => entry.shows(context))
      .map(
        (entry): PaletteCommand => ({
          id: `go-${entry.path}`,
          label: t(`${area.area}:${entry.label}` as never),
          icon: entry.icon,
          group: 'go',
          run: () => go(entry.path),
        }),
      ),
  );
  const commands = [
    ...pages,
    ...(context.me.seenBy === null ? areas.flatMap((area) => area.commands?.(asking) ?? []) : []),
    ...own,
    ...found,
  ];
  return (['go', 'do', 'found'] as const)
    .map((group) => ({ group: t(`palette.${group}`), actions: commands.filter((command) => command.group === group).map(asAction) }))
    .filter((group) => group.actions.length > 0);
}

const asAction = ({ id, label, description, icon: Icon, run }: PaletteCommand) => ({
  id,
  label,
  ...(description !== undefined && { description }),
  ...(Icon && { leftSection: <Icon size={16} strokeWidth={1.75} aria-hidden /> }),
  onClick: run,
});

/** The list of areas never changes while a page lives, so their hooks are called in the same order at every draw. */
function useFound(context: PaletteContext): PaletteCommand[] {
  const areas = useAreas();
  const found: PaletteCommand[] = [];
  for (const { useSearch } of areas) {
    // biome-ignore lint/correctness/useHookAtTopLevel: see above
    if (useSearch) found.push(...useSearch(context));
  }
  return found;
}

function useOwnCommands({ me, here }: ScreenContext, open: boolean): PaletteCommand[] {
  const { t } = useTranslation('app');
  const { door } = useApp();
  const go = useGo();
  const { shown, choose } = useTheme();
  const { toggle } = useWall();
  const sites = me.sites
    .filter((site) => site.archivedAt === null && site.id !== here.site?.id)
    .map((site): PaletteCommand => {
      const organisation = me.organisations.find((one) => one.id === site.organisation);
      return {
        id: `site-${site.id}`,
        label: site.name,
        ...(organisation && { description: organisation.name }),
        icon: MapPin,
        group: 'go',
        run: () => go('plant', { ...homeOf(me), organisation, site }),
      };
    });
  const account: PaletteCommand[] =
    me.person.machine || me.seenBy !== null
      ? []
      : [
          { id: 'account', label: t('bar.myAccount'), icon: User, group: 'go', run: () => go('account') },
          { id: 'sign-out', label: t('bar.signOut'), icon: LogOut, group: 'do', run: () => door.signOut() },
        ];
  const { undo } = useUndo();
  const last = useLastChange(open);
  if (last)
    account.push({
      id: 'undo',
      label: t(last.again ? 'undo.again' : 'undo.last'),
      description: last.words,
      icon: Undo2,
      group: 'do',
      run: () => void undo(last.change),
    });
  const other = shown === 'dark' ? 'light' : 'dark';
  return [
    ...sites,
    ...account,
    {
      id: 'theme',
      label: `${t('bar.theme')}: ${t(other === 'dark' ? 'bar.themeDark' : 'bar.themeLight')}`,
      icon: other === 'dark' ? Moon : Sun,
      group: 'do',
      run: () => choose(other),
    },
    { id: 'wall', label: t('bar.wall'), icon: Presentation, group: 'do', run: toggle },
  ];
}
