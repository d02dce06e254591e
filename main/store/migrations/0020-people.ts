// Organisations, sites and their tree, people, roles; and what stays at this station: credentials, sessions, sign-in links.
import { createIndex, createSharedTable, createTable, INTEGER, type Migrate, NO, OPTIONAL_INTEGER, OPTIONAL_TEXT, TEXT } from '../ddl.ts';

export async function up(migrate: Migrate): Promise<void> {
  await createSharedTable(migrate, 'organisations', { key: TEXT, name: TEXT, archivedAt: OPTIONAL_INTEGER });
  await createSharedTable(migrate, 'sites', {
    organisation: TEXT,
    key: TEXT,
    name: TEXT,
    timeZone: { type: 'text', default: 'UTC' },
    operatorsControl: NO,
    workAllowed: NO,
    archivedAt: OPTIONAL_INTEGER,
  });
  await createIndex(migrate, 'sites', ['organisation']);
  await createSharedTable(migrate, 'places', {
    site: TEXT,
    parent: OPTIONAL_TEXT,
    kind: { type: 'text', default: 'building' },
    key: TEXT,
    name: TEXT,
    rank: TEXT,
  });
  await createIndex(migrate, 'places', ['site', 'rank', 'id']);
  await createSharedTable(migrate, 'people', {
    email: TEXT,
    emailKey: TEXT,
    name: TEXT,
    picture: OPTIONAL_TEXT,
    pictureType: OPTIONAL_TEXT,
    disabledAt: OPTIONAL_INTEGER,
  });
  await createIndex(migrate, 'people', ['emailKey']);
  await createSharedTable(migrate, 'memberships', { person: TEXT, organisation: TEXT });
  await createIndex(migrate, 'memberships', ['organisation']);
  await createIndex(migrate, 'memberships', ['person']);
  await createSharedTable(migrate, 'grants', { person: TEXT, role: { type: 'text', default: 'viewer' }, at: TEXT });
  await createIndex(migrate, 'grants', ['person']);
  await createIndex(migrate, 'grants', ['at']);
  await createSharedTable(migrate, 'preferences', { person: TEXT, name: TEXT, value: { type: 'text', default: 'null' } });
  await createIndex(migrate, 'preferences', ['person']);

  await createTable(migrate, 'credential', { person: 'text', hash: 'text', changedAt: 'integer' }, { primary: ['person'] });
  await createTable(
    migrate,
    'session',
    {
      id: 'text',
      tokenDigest: 'text',
      person: 'text',
      createdAt: 'integer',
      seenAt: 'integer',
      expiresAt: 'integer',
      source: TEXT,
      agent: TEXT,
    },
    { primary: ['id'], unique: [['tokenDigest']] },
  );
  await createIndex(migrate, 'session', ['person', 'createdAt']);
  await createIndex(migrate, 'session', ['expiresAt']);
  await createTable(
    migrate,
    'signInLink',
    { secretDigest: 'text', person: 'text', createdAt: INTEGER, expiresAt: 'integer' },
    { primary: ['secretDigest'] },
  );
}
