// One person beside the list: roles given and taken, a new link, barred or let in.
import { ActionIcon, Button, Drawer, Select, Tooltip } from '@mantine/core';
import { Eye, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Role } from '../../contract/permissions.ts';
import type { Here } from '../app/address.ts';
import { useApp, useCommand, useMayChange, useStation } from '../app/hooks.ts';
import { usePlantZone } from '../app/useHere.ts';
import { Deliberate } from '../ui/Deliberate.tsx';
import { Portrait } from '../ui/Portrait.tsx';
import { Refused } from '../ui/Refused.tsx';
import { dateTime } from '../ui/time.ts';
import { linkAddress, TextToCopy, useGrantable } from './AddPerson.tsx';
import { InAudit } from './InAudit.tsx';
import { Sending, useLinksByMail } from './MailedLinks.tsx';
import { MayList } from './MayList.tsx';
import { MergePerson } from './MergePerson.tsx';
import type { Listed } from './PeoplePage.tsx';
import classes from './people.module.css';
import { RoleBadge } from './RoleBadge.tsx';

const CHANGES = { changes: ['people.list'] };

export function PersonPanel({ person, here, close, self }: { person: Listed; here: Here; close(): void; self: boolean }) {
  const { t } = useTranslation(['people', 'app']);
  const station = useStation();
  const may = useMayChange();
  const zone = usePlantZone();
  const { door } = useApp();
  const { at, roles } = useGrantable(here);
  const [role, setRole] = useState<Role | null>(null);
  const [link, setLink] = useState<string>();
  const [merging, setMerging] = useState(false);
  const give = useCommand((given: Role) => station.people.grantRole({ person: person.id, role: given, at }), CHANGES);
  const take = useCommand((grant: string) => station.people.revokeRole({ grant }), CHANGES);
  const disable = useCommand((disabled: boolean) => station.people.disablePerson({ person: person.id, disabled }), CHANGES);
  const newLink = useCommand(() => station.people.createSignInLink({ organisation: here.organisation?.id ?? '', person: person.id }), {
    done: ({ link: secret }) => setLink(linkAddress(secret)),
  });
  const mayMail = useLinksByMail();
  const [mail, setMail] = useState<string>();
  const mailLink = useCommand(() => station.people.mailSignInLink({ organisation: here.organisation?.id ?? '', person: person.id }), {
    done: (answer) => setMail(answer.mail),
  });
  const reset = useCommand(
    () => station.people.resetSecondFactor({ organisation: here.organisation?.id ?? '', person: person.id }),
    CHANGES,
  );
  const remove = useCommand(() => station.people.removePerson({ organisation: here.organisation?.id ?? '', person: person.id }), {
    ...CHANGES,
    done: close,
  });
  const seeAs = useCommand(() => door.seeAs({ person: person.id, organisation: here.organisation?.id ?? '' }));
  const free = roles.filter((one) => !person.grants.some((grant) => grant.role === one && JSON.stringify(grant.at) === JSON.stringify(at)));

  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="26rem"
      title={person.name}
      closeButtonProps={{ 'aria-label': t('app:common.close') }}
      transitionProps={{ duration: 120 }}
    >
      <div className={classes.panelHead}>
        <Portrait person={person} size="3rem" />
        <div className="cut">
          <p className="quiet cut">{person.email}</p>
          {person.emailVerifiedAt !== null && (
            <p className="quiet cut">{t('person.verified', { date: dateTime(person.emailVerifiedAt, zone) })}</p>
          )}
        </div>
      </div>
      <InAudit about={{ entity: 'person', id: person.id }} organisation={here.organisation} leave={close} />
      <h2>{t('person.roles')}</h2>
      <ul className={classes.rows}>
        {person.grants.length === 0 && <li className="quiet">{t('person.noRoles')}</li>}
        {person.grants.map((grant) => {
          const label = t('person.take', { role: t(`role.${grant.role}`) });
          return (
            <li key={grant.id}>
              <RoleBadge role={grant.role} at={grant.at} />
              {roles.includes(grant.role) && !self && (
                <Deliberate
                  question={t('person.takeSure', { role: t(`role.${grant.role}`), name: person.name })}
                  act={t('person.takeIt')}
                  onAct={() => void take.run(grant.id)}
                >
                  {(ask) => (
                    <Tooltip label={label}>
                      <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={take.busy} onClick={ask}>
                        <X size={16} strokeWidth={1.75} />
                      </ActionIcon>
                    </Tooltip>
                  )}
                </Deliberate>
              )}
            </li>
          );
        })}
      </ul>
      <h2>
        {here.site
          ? t('may.title', { name: person.name, where: here.site.name })
          : t('may.titleWhole', { name: person.name, where: here.organisation?.name ?? '' })}
      </h2>
      <MayList may={person.may} />
      {free.length > 0 && (
        <div className={classes.form}>
          <Select
            label={t('person.give')}
            data={free.map((one) => ({ value: one, label: t(`role.${one}`) }))}
            description={role ? t(`roleMeans.${role}`) : undefined}
            value={role}
            onChange={(one) => setRole(one as Role | null)}
          />
          <div className={classes.buttons}>
            <Button disabled={role === null} loading={give.busy} onClick={() => role && void give.run(role).then(() => setRole(null))}>
              {t('person.give')}
            </Button>
          </div>
        </div>
      )}
      <Refused
        refusal={
          give.refusal ??
          take.refusal ??
          disable.refusal ??
          newLink.refusal ??
          mailLink.refusal ??
          reset.refusal ??
          remove.refusal ??
          seeAs.refusal
        }
      />
      {!self && person.disabledAt === null && here.organisation && may('organisation.people', { organisation: here.organisation.id }) && (
        <div className={`${classes.form} ${classes.part}`}>
          <p className="quiet">{t('person.seeAsHint')}</p>
          <Button
            variant="default"
            leftSection={<Eye size={16} strokeWidth={1.75} />}
            loading={seeAs.busy}
            onClick={() => void seeAs.run(undefined)}
          >
            {t('person.seeAs', { name: person.name })}
          </Button>
        </div>
      )}
      {!self && here.organisation && may('organisation.people', { organisation: here.organisation.id }) && (
        <div className={`${classes.form} ${classes.part}`}>
          <p className="quiet">{t('person.newLinkHint')}</p>
          {mayMail && (
            <Button variant="default" loading={mailLink.busy} onClick={() => void mailLink.run(undefined)}>
              {t('person.mailLink')}
            </Button>
          )}
          {mail !== undefined && <Sending key={mail} task={mail} sent={t('mail.sent', { email: person.email })} />}
          {link ? (
            <TextToCopy text={link} />
          ) : (
            <Button variant="default" loading={newLink.busy} onClick={() => void newLink.run(undefined)}>
              {t('person.newLink')}
            </Button>
          )}
        </div>
      )}
      {!self && person.hasSecondFactor && here.organisation && may('organisation.people', { organisation: here.organisation.id }) && (
        <div className={`${classes.form} ${classes.part}`}>
          <p className="quiet">{t('person.resetHint')}</p>
          <Deliberate
            question={t('person.resetSure', { name: person.name })}
            act={t('person.resetIt')}
            onAct={() => void reset.run(undefined)}
          >
            {(ask) => (
              <Button variant="default" loading={reset.busy} onClick={ask}>
                {t('person.reset')}
              </Button>
            )}
          </Deliberate>
        </div>
      )}
      {!self && here.organisation && may('organisation.people', { organisation: here.organisation.id }) && (
        <div className={`${classes.form} ${classes.part}`}>
          <p className="quiet">{t('person.removeHint')}</p>
          <Deliberate
            question={t('person.removeSure', { name: person.name, organisation: here.organisation.name })}
            act={t('person.removeIt')}
            onAct={() => void remove.run(undefined)}
          >
            {(ask) => (
              <Button variant="default" loading={remove.busy} onClick={ask}>
                {t('person.remove')}
              </Button>
            )}
          </Deliberate>
        </div>
      )}
      {!self && may('platform.administer', 'platform') && (
        <div className={`${classes.form} ${classes.part}`}>
          <p className="quiet">{t('person.disableHint')}</p>
          {person.disabledAt === null ? (
            <Deliberate
              question={t('person.disableSure', { name: person.name })}
              act={t('person.disableIt')}
              onAct={() => void disable.run(true)}
            >
              {(ask) => (
                <Button variant="default" loading={disable.busy} onClick={ask}>
                  {t('person.disable')}
                </Button>
              )}
            </Deliberate>
          ) : (
            <Button variant="default" loading={disable.busy} onClick={() => void disable.run(false)}>
              {t('person.enable')}
            </Button>
          )}
        </div>
      )}
      {!self && may('platform.administer', 'platform') && (
        <div className={`${classes.form} ${classes.part}`}>
          <p className="quiet">{t('merge.buttonHint')}</p>
          <Button variant="default" onClick={() => setMerging(true)}>
            {t('merge.button')}
          </Button>
          {merging && <MergePerson person={person} close={() => setMerging(false)} done={close} />}
        </div>
      )}
    </Drawer>
  );
}
