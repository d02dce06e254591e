// watch: health of the station, long-running tasks, backups, its log, mail, notices to people.
import { z } from 'zod';
import { EXAMPLE } from './examples.ts';
import { area, command, ownSession, question, stream } from './procedure.ts';
import * as v from './values.ts';
import { updateAnswer, updateState, updateStep } from './watch/updates.ts';

const check = z.object({
  name: z.string(),
  state: z.enum(['good', 'attention', 'bad']),
  message: z.string(),
});
export type Check = z.infer<typeof check>;

export const task = z.object({
  id: v.id,
  kind: z.string(),
  owner: v.id.nullable(),
  title: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']),
  progress: z.number().min(0).max(1).nullable().describe('null: not known'),
  message: z.string(),
  attempts: z.int(),
  createdAt: v.time,
  endedAt: v.time.nullable(),
});
export type Task = z.infer<typeof task>;

const backup = z.object({
  name: z.string(),
  at: v.time,
  bytes: z.int(),
  reason: z.enum(['asked', 'scheduled', 'migration']),
  version: z.string(),
});

export const notice = z.object({
  id: v.id,
  at: v.time,
  kind: z.string(),
  data: z.record(z.string(), z.string()),
  readAt: v.time.nullable(),
});
export type Notice = z.infer<typeof notice>;

const mailServer = z.strictObject({
  host: v.plain(253),
  port: z.int().min(1).max(65535),
  security: z.enum(['none', 'startTls', 'tls']),
  user: v.plain(254),
  from: v.email,
});

export const watch = area('watch', {
  about: question({
    summary: 'Which station this is: its name, its version, the contract it speaks, its clock.',
    input: v.nothing,
    needs: ownSession,
    output: z.object({ id: v.id, name: z.string(), version: z.string(), contract: z.string(), time: v.time }),
    example: {},
  }),
  health: question({
    summary: 'How the station is: each check in a word and a sentence.',
    input: v.nothing,
    needs: { permission: 'watch.health', at: () => 'station' },
    output: z.object({ state: z.enum(['good', 'attention', 'bad']), startedAt: v.time, checks: z.array(check) }),
    example: {},
  }),
  listTasks: question({
    summary: 'My running and recently ended tasks.',
    input: v.nothing,
    needs: ownSession,
    personal: true,
    output: z.object({ tasks: z.array(task) }),
    example: {},
  }),
  cancelTask: command({
    summary: 'Stop a task of mine. What it had finished stays.',
    input: z.strictObject({ task: v.id, opId: v.opId }),
    needs: ownSession,
    output: v.nothing,
    example: { task: EXAMPLE.task },
  }),
  startBackup: command({
    summary: 'Back the station up now.',
    input: z.strictObject({ opId: v.opId }),
    needs: { permission: 'watch.backup', at: () => 'station' },
    output: z.object({ task: v.id }),
    example: {},
  }),
  listBackups: question({
    summary: 'The backups this station keeps, newest first.',
    input: v.nothing,
    needs: { permission: 'watch.backup', at: () => 'station' },
    output: z.object({ backups: z.array(backup) }),
    example: {},
  }),
  checkIntegrity: command({
    summary: 'Read the whole store and compare it with its change log.',
    input: z.strictObject({ opId: v.opId }),
    needs: { permission: 'watch.backup', at: () => 'station' },
    output: z.object({ task: v.id }),
    example: {},
  }),
  mailServer: question({
    summary: 'By which server this station sends mail. The password is never read back.',
    input: v.nothing,
    needs: { permission: 'site.configure', at: () => 'station' },
    output: z.object({ server: mailServer.nullable(), passwordSet: z.boolean() }),
    example: {},
  }),
  setMailServer: command({
    summary: 'Choose the server by which this station sends mail.',
    input: z.strictObject({
      server: mailServer.nullable(),
      password: v.plain(256).optional().describe('Left out: the one already set stays, as long as host, security and user do.'),
      opId: v.opId,
    }),
    needs: { permission: 'site.configure', at: () => 'station' },
    output: v.nothing,
    example: {
      server: { host: 'mail.example.org', port: 587, security: 'startTls', user: 'outpost', from: 'outpost@example.org' },
      password: 'mail secret',
    },
  }),
  sendTestMail: command({
    summary: 'Send a mail to myself, and say what the server answered.',
    input: v.nothing,
    needs: { permission: 'site.configure', at: () => 'station' },
    output: z.object({ answer: z.string() }),
    example: {},
  }),
  updates: question({
    summary: 'Whether there is a newer version of this program, and how far its installation is. Only the desktop looks for one.',
    input: v.nothing,
    needs: { permission: 'platform.updates', at: () => 'platform' },
    output: z.object({ state: updateState }),
    example: {},
  }),
  update: command({
    summary: 'Go a step towards the newer version: look for it, download it, install it now or at the next launch.',
    input: z.strictObject({ step: updateStep, opId: v.opId }),
    needs: { permission: 'platform.updates', at: () => 'platform' },
    output: z.object({ answer: updateAnswer }),
    example: { step: 'check' },
  }),
  listNotices: question({
    summary: 'What the station has told me, newest first.',
    input: v.nothing,
    needs: ownSession,
    personal: true,
    output: z.object({ notices: z.array(notice) }),
    example: {},
  }),
  readNotices: command({
    summary: 'Mark my notices as read.',
    input: z.strictObject({ upTo: v.id, opId: v.opId }),
    needs: ownSession,
    output: v.nothing,
    example: { upTo: EXAMPLE.notice },
  }),
});

export const watchStreams = {
  tasks: stream({
    summary: 'My tasks, as they go on.',
    delivery: 'state',
    input: v.nothing,
    needs: ownSession,
    personal: true,
    value: task,
    example: {},
  }),
  notices: stream({
    summary: 'What the station tells me, complete and in order.',
    delivery: 'events',
    input: v.nothing,
    needs: ownSession,
    personal: true,
    value: notice,
    example: {},
  }),
  vitals: stream({
    summary: 'The station’s own pulse: processor share, memory, event-loop delay, open streams.',
    delivery: 'samples',
    input: v.nothing,
    needs: { permission: 'watch.health', at: () => 'station' },
    value: z.number(),
    example: {},
  }),
  logFile: stream({
    summary: 'The station’s log as a file, from an offset to its present end.',
    delivery: 'bytes',
    input: v.nothing,
    needs: { permission: 'watch.health', at: () => 'station' },
    value: z.never(),
    example: {},
  }),
  liveLog: stream({
    summary: 'The station’s log as it is written. The log waits for no reader: what one misses is counted.',
    delivery: 'ring',
    input: v.nothing,
    needs: { permission: 'watch.health', at: () => 'station' },
    value: z.never(),
    example: {},
  }),
};

/** Facts about the station itself. */
export type WatchEvent = { event: 'watch.taskChanged'; task: string; owner: string | null } | { event: 'watch.noticed'; person: string };
