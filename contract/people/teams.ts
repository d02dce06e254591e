// Teams: people of an organisation who do something together, across its sites.
import { z } from 'zod';
import { EXAMPLE } from '../examples.ts';
import { command, ownSession, question } from '../procedure.ts';
import * as v from '../values.ts';
import { teamRole } from './shapes.ts';

/** How people of one organisation know each other: by name and picture. */
const known = z.object({ id: v.id, name: z.string(), picture: z.string().nullable() });
const team = z.object({
  id: v.id,
  organisation: v.id,
  key: v.key,
  name: z.string(),
  members: z.array(known.extend({ role: teamRole })),
});

export const teams = {
  listTeams: question({
    summary: 'The teams of an organisation with their people: all of them for its administrators, their own for everybody else.',
    input: z.strictObject({ organisation: v.id }),
    needs: ownSession,
    output: z.object({ teams: z.array(team) }),
    example: { organisation: EXAMPLE.organisation },
  }),
  createTeam: command({
    summary: 'Add a team. Whoever adds it owns it, unless somebody else of the organisation is named.',
    input: z.strictObject({ organisation: v.id, name: v.name, key: v.key.optional(), owner: v.id.optional(), opId: v.opId }),
    needs: { permission: 'organisation.people', at: (input) => ({ organisation: input.organisation }) },
    output: z.object({ team: v.id }),
    example: { organisation: EXAMPLE.organisation, name: 'Night shift', owner: EXAMPLE.viewer },
  }),
  updateTeam: command({
    summary: 'Rename a team.',
    input: z.strictObject({ team: v.id, name: v.name, opId: v.opId }),
    needs: { permission: 'team.keep', at: (input) => ({ team: input.team }) },
    output: v.nothing,
    example: { team: EXAMPLE.team, name: 'Night shift' },
  }),
  removeTeam: command({
    summary: 'Remove a team. Its people stay in the organisation; history keeps it.',
    input: z.strictObject({ team: v.id, opId: v.opId }),
    needs: { permission: 'team.own', at: (input) => ({ team: input.team }) },
    output: v.nothing,
    example: { team: EXAMPLE.team },
  }),
  listTeamCandidates: question({
    summary: 'People of the organisation who could be added to a team, by a part of their name or their whole e-mail address.',
    input: z.strictObject({ team: v.id, search: v.text(120) }),
    needs: { permission: 'team.keep', at: (input) => ({ team: input.team }) },
    output: z.object({ people: z.array(known).describe('Twenty at most.') }),
    example: { team: EXAMPLE.team, search: 'man' },
  }),
  setTeamMember: command({
    summary: 'Add a person of the organisation to a team, or change what they are in it. Only an owner makes or unmakes owners and admins.',
    input: z.strictObject({ team: v.id, person: v.id, role: teamRole, opId: v.opId }),
    needs: { permission: 'team.keep', at: (input) => ({ team: input.team }) },
    output: v.nothing,
    example: { team: EXAMPLE.team, person: EXAMPLE.viewer, role: 'member' },
  }),
  removeTeamMember: command({
    summary: 'Take a person out of a team, or leave it oneself. The last owner stays until somebody else is one.',
    input: z.strictObject({ team: v.id, person: v.id, opId: v.opId }),
    needs: { permission: 'team.view', at: (input) => ({ team: input.team }) },
    output: v.nothing,
    example: { team: EXAMPLE.team, person: EXAMPLE.viewer },
  }),
};
