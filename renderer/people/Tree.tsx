// The tree of a site, to look at and to change: add, rename, move, remove.
import { ActionIcon, Button, Menu, Modal, TextInput, Tooltip } from '@mantine/core';
import { ArrowDown, ArrowUp, Building2, Ellipsis, History, Pencil, Plus, Trash2, Workflow } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Acts } from '../app/Acts.tsx';
import type { SiteOfMe } from '../app/address.ts';
import { useCanAct, useCommand, useLive, useStation } from '../app/hooks.ts';
import { Empty, Section } from '../ui/Page.tsx';
import { Refused } from '../ui/Refused.tsx';
import { useHistoryPanel } from './HistoryPanel.tsx';
import classes from './SitePage.module.css';
import { below, childrenOf, type PlaceOfTree } from './tree.ts';

type Asked = { kind: 'add'; parent: PlaceOfTree | undefined } | { kind: 'rename' | 'remove'; place: PlaceOfTree };

export function Tree({ site }: { site: SiteOfMe }) {
  const { t } = useTranslation('people');
  const { values } = useLive('people.places', { site: site.id });
  const [asked, setAsked] = useState<Asked>();
  const places = [...(values?.values() ?? [])];
  const canAct = useCanAct();
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
      <Branch places={places} parent={null} ask={setAsked} />
      {asked?.kind === 'add' && <AddPlace site={site} parent={asked.parent} close={() => setAsked(undefined)} />}
      {asked?.kind === 'rename' && <RenamePlace place={asked.place} close={() => setAsked(undefined)} />}
      {asked?.kind === 'remove' && (
        <RemovePlace place={asked.place} inside={below(places, asked.place.id).length} close={() => setAsked(undefined)} />
      )}
    </Section>
  );
}

function Branch({ places, parent, ask }: { places: PlaceOfTree[]; parent: string | null; ask(asked: Asked): void }) {
  const children = childrenOf(places, parent);
  if (children.length === 0) return null;
  return (
    <ul className={classes.branch}>
      {children.map((place, index) => (
        <li key={place.id}>
          <Node place={place} above={children[index - 1]} after={children[index + 2]} last={index === children.length - 1} ask={ask} />
          <Branch places={places} parent={place.id} ask={ask} />
        </li>
      ))}
    </ul>
  );
}

function Node({
  place,
  above,
  after,
  last,
  ask,
}: {
  place: PlaceOfTree;
  above: PlaceOfTree | undefined;
  after: PlaceOfTree | undefined;
  last: boolean;
  ask(asked: Asked): void;
}) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const history = useHistoryPanel((state) => state.show);
  const move = useCommand((before: string | null) => station.people.movePlace({ place: place.id, parent: place.parent, before }), {
    announce: true,
  });
  const Icon = place.kind === 'building' ? Building2 : Workflow;
  const { name } = place;
  return (
    <div className={classes.node}>
      <Icon size={16} strokeWidth={1.75} aria-label={t(`site.${place.kind}`)} />
      <span className={`${classes.nodeName} cut`}>{name}</span>
      <Acts>
        <Tooltip label={t('site.moveUp', { name })}>
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={above === undefined || move.busy}
            aria-label={t('site.moveUp', { name })}
            onClick={() => void move.run(above?.id ?? null)}
          >
            <ArrowUp size={16} strokeWidth={1.75} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={t('site.moveDown', { name })}>
          <ActionIcon
            variant="subtle"
            color="gray"
            disabled={last || move.busy}
            aria-label={t('site.moveDown', { name })}
            onClick={() => void move.run(after?.id ?? null)}
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
            <Menu.Item leftSection={<Plus size={16} strokeWidth={1.75} />} onClick={() => ask({ kind: 'add', parent: place })}>
              {t('site.addSystem')}
            </Menu.Item>
            <Menu.Item leftSection={<Pencil size={16} strokeWidth={1.75} />} onClick={() => ask({ kind: 'rename', place })}>
              {t('app:common.rename')}
            </Menu.Item>
          </Acts>
          <Menu.Item
            leftSection={<History size={16} strokeWidth={1.75} />}
            onClick={() => history({ entity: 'place', id: place.id, name })}
          >
            {t('app:common.history')}
          </Menu.Item>
          <Acts>
            <Menu.Divider />
            <Menu.Item leftSection={<Trash2 size={16} strokeWidth={1.75} />} onClick={() => ask({ kind: 'remove', place })}>
              {t('app:common.remove')}
            </Menu.Item>
          </Acts>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

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
