// The backups of this station, and the two things one starts by hand: a backup, a check of the store.
import { Button, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Acts } from '../app/Acts.tsx';
import { useAsked } from '../app/asked.ts';
import { useCanAct, useCommand, useLive, useStation } from '../app/hooks.ts';
import { Empty, Section } from '../ui/Page.tsx';
import { dateTime } from '../ui/time.ts';
import classes from './watch.module.css';

export function Backups({ zone }: { zone: string }) {
  const { t } = useTranslation('watch');
  const station = useStation();
  const { data, refetch } = useQuery({ queryKey: ['watch.backups'], queryFn: () => station.watch.listBackups({}) });
  const start = useCommand(() => station.watch.startBackup({}), { announce: true });
  const check = useCommand(() => station.watch.checkIntegrity({}), { announce: true });
  const canAct = useCanAct();
  const { values } = useLive('watch.tasks', canAct ? {} : undefined);
  const ended = [...(values?.values() ?? [])].filter((task) => task.kind === 'watch.backup' && task.state === 'done').length;
  // A backup that has just been finished belongs into the list.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the count of finished backups is what asks for a new list
  useEffect(() => void refetch(), [ended, refetch]);
  useAsked('backup', () => void start.run(undefined));

  const startButton = canAct && (
    <Button variant={data?.backups.length === 0 ? 'filled' : 'default'} loading={start.busy} onClick={() => void start.run(undefined)}>
      {t('backups.start')}
    </Button>
  );
  return (
    <Section
      title={t('backups.title')}
      actions={
        <div className={classes.buttons}>
          <Acts>
            <Button variant="subtle" color="gray" loading={check.busy} onClick={() => void check.run(undefined)}>
              {t('backups.check')}
            </Button>
          </Acts>
          {data && data.backups.length > 0 && startButton}
        </div>
      }
    >
      {data?.backups.length === 0 && <Empty action={startButton}>{t('backups.none')}</Empty>}
      {data && data.backups.length > 0 && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('backups.when')}</Table.Th>
              <Table.Th>{t('backups.why')}</Table.Th>
              <Table.Th className={classes.right}>{t('backups.size')}</Table.Th>
              <Table.Th>{t('backups.version')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.backups.map((backup) => (
              <Table.Tr key={backup.name}>
                <Table.Td>{dateTime(backup.at, zone)}</Table.Td>
                <Table.Td>{t(`backups.reason.${backup.reason}`)}</Table.Td>
                <Table.Td className={classes.right}>{t('backups.megabytes', { count: Number((backup.bytes / 1e6).toFixed(1)) })}</Table.Td>
                <Table.Td className="quiet">{backup.version}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Section>
  );
}
