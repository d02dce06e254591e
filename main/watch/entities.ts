// The shared records of watch.
import { entity, integer, json, optionalTime, type Table, text } from '../store/entities.ts';

/** Something the station tells one person. */
export const notice = entity({
  name: 'notice',
  table: 'notices',
  scope: ['user'],
  fields: {
    person: text(),
    kind: text(),
    data: json<Record<string, string>>({}, { personal: true }),
    at: integer(),
    readAt: optionalTime(),
  },
  authority: 'anyone',
});

/** By which server a place's stations send mail. Its id is the scope it lies in: a place has one. */
export const mailServer = entity({
  name: 'mail-server',
  table: 'mailServers',
  scope: ['platform', 'org', 'site'],
  fields: { host: text(), port: integer(587), security: text('startTls'), user: text(), from: text() },
  authority: 'anyone',
});

export const entities = [notice, mailServer];

export type WatchTables = {
  notices: Table<typeof notice>;
  mailServers: Table<typeof mailServer>;
};
