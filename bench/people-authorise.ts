// What it costs to ask whether somebody may, by somebody who has fifty roles: alone, and as a part of a whole call.
import { EXAMPLE } from '../contract/examples.ts';
import { allows } from '../contract/permissions.ts';
import { type Bench, bestOfEach, figure, perSecond } from './figure.ts';
import { openBenchStation, REQUEST } from './station.ts';

const GRANTS = 50;
const ROUNDS = 5;
const CHECKS = 1_000_000;
const CALLS = 5_000;
const LIMIT_PERCENT = 10;

export const bench: Bench = async () => {
  const station = await openBenchStation();
  const { people } = station.site.client(REQUEST);
  // The role that counts comes last: every other one is looked at before it.
  await people.revokeRole({ grant: EXAMPLE.grant });
  for (let n = 1; n < GRANTS; n++) {
    const { site } = await people.createSite({ organisation: EXAMPLE.organisation, name: `Works ${n + 1}` });
    await people.grantRole({ person: EXAMPLE.viewer, role: 'viewer', at: { kind: 'site', site } });
  }
  await people.grantRole({ person: EXAMPLE.viewer, role: 'viewer', at: { kind: 'site', site: EXAMPLE.site } });

  const token = 'token-of-the-viewer-of-works-1';
  const grants = (await station.site.authority.session(token))?.grants ?? [];
  const place = await station.site.authority.placeOf({ site: EXAMPLE.site });
  if (grants.length !== GRANTS || place === undefined || !allows(grants, 'plant.view', place)) throw new Error('not the person it was for');

  const viewer = station.site.client({ ...REQUEST, token });
  const [checks, calls] = await bestOfEach(
    ROUNDS,
    async () => {
      const started = performance.now();
      let allowed = 0;
      for (let n = 0; n < CHECKS; n++) if (allows(grants, 'plant.view', place)) allowed += 1;
      if (allowed !== CHECKS) throw new Error('a check was lost');
      return CHECKS / ((performance.now() - started) / 1000);
    },
    () => perSecond(CALLS, 1, () => viewer.people.listPlaces({ site: EXAMPLE.site })),
  );
  await station.close();
  return [
    figure('people-authorise', `checks with ${GRANTS} roles, the last one counts`, checks, '/s', 'whole calls through the router', calls),
    figure('people-authorise', 'the check as a part of such a call', (calls / checks) * 100, '%', 'limit', LIMIT_PERCENT),
  ];
};
