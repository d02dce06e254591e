// Organisations, their sites, and the buildings and systems inside.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { command, question, stream } from '../procedure.ts';
import * as v from '../values.ts';
import { organisationRole, place } from './shapes.ts';

export const tree = {
  createOrganisation: command({
    summary: 'Add an organisation.',
    input: z.strictObject({ name: v.name, key: v.key.optional(), opId: v.opId }),
    needs: { permission: 'platform.organisations', at: () => 'platform' },
    output: z.object({ organisation: v.id }),
    example: { name: 'Südwerk' },
  }),
  updateOrganisation: command({
    summary: 'Rename an organisation, or say from which role on it asks for a second factor.',
    input: z.strictObject({
      organisation: v.id,
      name: v.name.optional(),
      secondFactorFrom: organisationRole.nullable().optional(),
      opId: v.opId,
    }),
    needs: { permission: 'organisation.configure', at: (input) => ({ organisation: input.organisation }) },
    undoable: true,
    output: v.nothing,
    example: { organisation: EXAMPLE.organisation, name: 'Nordwerk GmbH' },
  }),
  archiveOrganisation: command({
    summary: 'Take an organisation out of use, or back into it. Nothing of it is lost.',
    input: z.strictObject({ organisation: v.id, archived: z.boolean(), opId: v.opId }),
    needs: { permission: 'platform.organisations', at: () => 'platform' },
    undoable: true,
    output: v.nothing,
    example: { organisation: EXAMPLE.organisation, archived: false },
  }),
  createSite: command({
    summary: 'Add a site to an organisation.',
    input: z.strictObject({ organisation: v.id, name: v.name, key: v.key.optional(), timeZone: v.timeZone.optional(), opId: v.opId }),
    needs: { permission: 'organisation.configure', at: (input) => ({ organisation: input.organisation }) },
    output: z.object({ site: v.id }),
    example: { organisation: EXAMPLE.organisation, name: 'Works 2' },
  }),
  updateSite: command({
    summary: 'Change a site’s name, time zone or rules.',
    input: z.strictObject({
      site: v.id,
      name: v.name.optional(),
      timeZone: v.timeZone.optional(),
      operatorsControl: z.boolean().optional(),
      workAllowed: z.boolean().optional(),
      quietHours: v.hours.nullable().optional(),
      opId: v.opId,
    }),
    needs: { permission: 'site.configure', at: (input) => ({ site: input.site }) },
    undoable: true,
    output: v.nothing,
    example: { site: EXAMPLE.site, operatorsControl: true },
  }),
  archiveSite: command({
    summary: 'Take a site out of use, or back into it. Nothing of it is lost.',
    input: z.strictObject({ site: v.id, archived: z.boolean(), opId: v.opId }),
    needs: { permission: 'organisation.configure', at: (input) => ({ record: 'site', id: input.site }) },
    undoable: true,
    output: v.nothing,
    example: { site: EXAMPLE.site, archived: false },
  }),
  listPlaces: question({
    summary: 'The buildings and systems of a site, in the order people gave them.',
    input: z.strictObject({ site: v.id }),
    needs: { permission: 'plant.view', at: (input) => ({ site: input.site }) },
    output: z.object({ places: z.array(place) }),
    example: { site: EXAMPLE.site },
  }),
  createPlace: command({
    summary: 'Add a building or a system.',
    input: z.strictObject({
      site: v.id,
      parent: v.id.nullable(),
      kind: z.enum(['building', 'system']),
      name: v.name,
      key: v.key.optional(),
      opId: v.opId,
    }),
    needs: { permission: 'site.configure', at: (input) => ({ site: input.site }) },
    undoable: true,
    output: z.object({ place: v.id }),
    example: { site: EXAMPLE.site, parent: EXAMPLE.building, kind: 'system', name: 'Heating' },
  }),
  updatePlace: command({
    summary: 'Rename a building or a system.',
    input: z.strictObject({ place: v.id, name: v.name, opId: v.opId }),
    needs: { permission: 'site.configure', at: (input) => ({ record: 'place', id: input.place }) },
    undoable: true,
    output: v.nothing,
    example: { place: EXAMPLE.building, name: 'Hall A' },
  }),
  movePlace: command({
    summary: 'Move a building or system under another parent, or to another position.',
    input: z.strictObject({
      place: v.id,
      parent: v.id.nullable(),
      before: v.id.nullable().describe('The sibling it comes to stand before; null: last.'),
      opId: v.opId,
    }),
    needs: { permission: 'site.configure', at: (input) => ({ record: 'place', id: input.place }) },
    undoable: true,
    output: v.nothing,
    example: { place: EXAMPLE.system, parent: EXAMPLE.building, before: null },
  }),
  removePlace: command({
    summary: 'Remove a building or a system with all that lies inside it. History keeps it.',
    input: z.strictObject({ place: v.id, opId: v.opId }),
    needs: { permission: 'site.configure', at: (input) => ({ record: 'place', id: input.place }) },
    undoable: true,
    output: v.nothing,
    example: { place: EXAMPLE.system },
  }),
};

export const treeStreams = {
  places: stream({
    summary: 'The buildings and systems of a site, as they change.',
    delivery: 'state',
    input: z.strictObject({ site: v.id }),
    needs: { permission: 'plant.view', at: (input) => ({ site: input.site }) },
    value: place,
    example: { site: EXAMPLE.site },
  }),
};
