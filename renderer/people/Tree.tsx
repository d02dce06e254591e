// The tree of a site, to look at and to change: add, rename, move, remove.
import { ActionIcon, Button, Menu, Modal, Select, TextInput, Tooltip } from '@mantine/core';
import { ArrowDown, ArrowUp, Building2, Ellipsis, FolderInput, History, Pencil, Plus, Trash2, Workflow } from 'lucide-react';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Acts } from '../app/Acts.tsx';
import type { SiteOfMe } from '../app/address.ts';
import { useCanAct, useCommand, useLive, useStation } from '../app/hooks.ts';
import { Empty, Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { useHistoryPanel } from './HistoryPanel.tsx';
import classes from './SitePage.module.css';
import { below, childrenOf, type PlaceOfTree } from './tree.ts';
import { parentsFor, type Spot } from './treeMoves.ts';
import { useTreeDrag } from './useTreeDrag.ts';

type Asked = { kind: 'add'; parent: PlaceOfTree | undefined } | { kind: 'rename' | 'remove' | 'move'; place: PlaceOfTree };

/** What the rows of the tree share. */
type Hands = {
  places: PlaceOfTree[];
  ask(asked: Asked): void;
  move(place: string, to: Spot): void;
  moving: boolean;
};

export function Tree({ site }: { site: SiteOfMe }) {
  const { t } = useTranslation('people');
  const station = useStation();
  const { values } = useLive('people.places', { site: site.id });
  const [asked, setAsked] = useState<Asked>();
  const places = [...(values?.values() ?? [])];
  const canAct = useCanAct();
  const move = useCommand((to: Spot & { place: string }) => station.people.movePlace(to), { announce: true });
  const hands: Hands = { places, ask: setAsked, move: (place, to) => void move.run({ place, ...to }), moving: move.busy };
  const close = () => setAsked(undefined);
  const addBuilding = canAct && (
    <Button
      variant={places.length > 0 ? 'default' : 'filled'}
      leftSection={<Plus size={16} strokeWidth={1.75} />}
      onClick={() => setAsked({ kind: 'add', parent: undefined })}
    >
      {t('site.addBuilding')}
    </Button>
  );
  return (
    <Section title={t('site.tree')} actions={places.length > 0 ? addBuilding : undefined}>
      {values && places.length === 0 && <Empty action={addBuilding}>{t('site.empty')}</Empty>}
      <Branch parent={null} hands={hands} />
      {asked?.kind === 'add' && <AddPlace site={site} parent={asked.parent} close={close} />}
      {asked?.kind === 'rename' && <RenamePlace place={asked.place} close={close} />}
      {asked?.kind === 'move' && <MovePlace place={asked.place} places={places} close={close} />}
      {asked?.kind === 'remove' && <RemovePlace place={asked.place} inside={below(places, asked.place.id).length} close={close} />}
    </Section>
  );
}

function Branch({ parent, hands }: { parent: string | null; hands: Hands }) {
  const children = childrenOf(hands.places, parent);
  if (children.length === 0) return null;
  return (
    <ul className={classes.branch}>
      {children.map((place, index) => (
        <li key={place.id}>
          <Node place={place} parent={parent} above={children[index - 1]} under={children.slice(index + 1)} hands={hands} />
          <Branch parent={place.id} hands={hands} />
        </li>
      ))}
    </ul>
  );
}

function Node({
  place,
  parent,
  above,
  under,
  hands,
}: {
  place: PlaceOfTree;
  parent: string | null;
  above: PlaceOfTree | undefined;
  under: PlaceOfTree[];
  hands: Hands;
}) {
  const { t } = useTranslation(['people', 'app']);
  const history = useHistoryPanel((state) => state.show);
  const row = useRef<HTMLDivElement>(null);
  const { over, lifted } = useTreeDrag(row, place, hands.places, hands.move, useCanAct());
  const Icon = place.kind === 'building' ? Building2 : Workflow;
  const { name } = place;
  return (
    <div ref={row} className={classes.node} data-over={over} data-lifted={lifted || undefined}>
      <Icon size={16} strokeWidth={1.75} aria-label={t(`site.${place.kind}`)} />
      <span className={`${classes.nodeName} cut`}>{name}</span>
      <Acts>
        <Tooltip label={t('site.moveUp', { name })}>
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={above === undefined || hands.moving}
            aria-label={t('site.moveUp', { name })}
            onClick={() => hands.move(place.id, { parent, before: above?.id ?? null })}
          >
            <ArrowUp size={16} strokeWidth={1.75} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t('site.moveDown', { name })}>
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={under.length === 0 || hands.moving}
            aria-label={t('site.moveDown', { name })}
            onClick={() => hands.move(place.id, { parent, before: under[1]?.id ?? null })}
          >
            <ArrowDown size={16} strokeWidth={1.75} />
          </ActionIcon>
        </Tooltip>
      </Acts>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t('site.actions', { name })}>
            <Ellipsis size={16} strokeWidth={1.75} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Acts>
            <Menu.Item leftSection={<Plus size={16} strokeWidth={1.75} />} onClick={() => hands.ask({ kind: 'add', parent: place })}>
              {t('site.addSystem')}
            </Menu.Item>
            <Menu.Item leftSection={<Pencil size={16} strokeWidth={1.75} />} onClick={() => hands.ask({ kind: 'rename', place })}>
              {t('app:common.rename')}
            </Menu.Item>
            {parentsFor(hands.places, place).length > 0 && (
              <Menu.Item leftSection={<FolderInput size={16} strokeWidth={1.75} />} onClick={() => hands.ask({ kind: 'move', place })}>
                {t('site.moveTo')}
              </Menu.Item>
            )}
          </Acts>
          <Menu.Item
            leftSection={<History size={16} strokeWidth={1.75} />}
            onClick={() => history({ entity: 'place', id: place.id, name })}
          >
            {t('app:common.history')}
          </Menu.Item>
          <Acts>
            <Menu.Divider />
            <Menu.Item leftSection={<Trash2 size={16} strokeWidth={1.75} />} onClick={() => hands.ask({ kind: 'remove', place })}>
              {t('app:common.remove')}
            </Menu.Item>
          </Acts>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

/** What dragging does, for whoever has no mouse. */
function MovePlace({ place, places, close }: { place: PlaceOfTree; places: PlaceOfTree[]; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const parents = parentsFor(places, place);
  const [into, setInto] = useState<string>();
  const move = useCommand((parent: string | null) => station.people.movePlace({ place: place.id, parent, before: null }), { done: close });
  function send(event: FormEvent) {
    event.preventDefault();
    if (into !== undefined) void move.run(into === TOP ? null : into);
  }
  return (
    <Modal
      opened
      onClose={close}
      title={t('site.moveTitle', { name: place.name })}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
    >
      <form onSubmit={send} className={classes.form}>
        <Select
          label={t('site.moveInto')}
          required
          searchable
          data-autofocus
          data={parents.map((parent) => ({ value: parent?.id ?? TOP, label: parent?.name ?? t('site.top') }))}
          value={into ?? null}
          onChange={(chosen) => setInto(chosen ?? undefined)}
        />
        <Refused refusal={move.refusal} />
        <Button type="submit" disabled={into === undefined} loading={move.busy}>
          {t('site.move')}
        </Button>
      </form>
    </Modal>
  );
}

/** No id: what is picked has to be text. */
const TOP = 'top';

function AddPlace({ site, parent, close }: { site: SiteOfMe; parent: PlaceOfTree | undefined; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const kind = parent === undefined ? 'building' : 'system';
  const add = useCommand((name: string) => station.people.createPlace({ site: site.id, parent: parent?.id ?? null, kind, name }), {
    done: close,
  });
  const title = parent === undefined ? t('site.addBuilding') : t('site.addInside', { name: parent.name });
  return <NameDialog title={title} submit={t('app:common.add')} before="" command={add} close={close} />;
}

function RenamePlace({ place, close }: { place: PlaceOfTree; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const rename = useCommand((name: string) => station.people.updatePlace({ place: place.id, name }), { done: close });
  return (
    <NameDialog
      title={t('site.renameTitle', { name: place.name })}
      submit={t('app:common.rename')}
      before={place.name}
      command={rename}
      close={close}
    />
  );
}

export function NameDialog({
  title,
  submit,
  before,
  command,
  close,
}: {
  title: string;
  submit: string;
  before: string;
  command: { run(name: string): Promise<unknown>; busy: boolean; refusal: Parameters<typeof Refused>[0]['refusal'] };
  close(): void;
}) {
  const { t } = useTranslation(['people', 'app']);
  const [name, setName] = useState(before);
  function send(event: FormEvent) {
    event.preventDefault();
    void command.run(name);
  }
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ 'aria-label': t('app:common.close') }}>
      <form onSubmit={send} className={classes.form}>
        <TextInput
          label={t('organisations.name')}
          required
          data-autofocus
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Refused refusal={command.refusal} />
        <Button type="submit" loading={command.busy}>
          {submit}
        </Button>
      </form>
    </Modal>
  );
}

function RemovePlace({ place, inside, close }: { place: PlaceOfTree; inside: number; close(): void }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const remove = useCommand(() => station.people.removePlace({ place: place.id }), { done: close });
  return (
    <Modal
      opened
      onClose={close}
      title={t('site.removeTitle', { name: place.name })}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
    >
      <div className={classes.form}>
        <p>{t('site.removeHint', { count: inside })}</p>
        <Refused refusal={remove.refusal} />
        <Button color="red" loading={remove.busy} data-autofocus onClick={() => void remove.run(undefined)}>
          {t('app:common.remove')}
        </Button>
      </div>
    </Modal>
  );
}
