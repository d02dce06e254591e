// A small example plant for a first look: an organisation, two sites, buildings and systems, and people in every role.
// Its people have no passwords: one looks by the one-time link that is printed.
import type { Role } from '../../contract/permissions.ts';
import type { Site } from '../site.ts';

const TREE = [
  {
    site: 'Works 1',
    timeZone: 'Europe/Berlin',
    buildings: [
      { name: 'Hall A', systems: ['Heating', 'Compressed air', 'Cooling water'] },
      { name: 'Hall B', systems: ['Ventilation', 'Paint line'] },
    ],
  },
  { site: 'Pumping station North', timeZone: 'Europe/Berlin', buildings: [{ name: 'Pump house', systems: ['Pumps', 'Power supply'] }] },
];

const PEOPLE: { email: string; name: string; role: Role; site: number }[] = [
  { email: 'mara@demo.example', name: 'Mara Manager', role: 'siteManager', site: 0 },
  { email: 'otto@demo.example', name: 'Otto Operator', role: 'operator', site: 0 },
  { email: 'vera@demo.example', name: 'Vera Viewer', role: 'viewer', site: 1 },
];

export async function fillWithDemo(site: Site): Promise<void> {
  const [first] = TREE;
  const { organisation, site: firstSite } = await site.people.firstStart.fromConsole({
    organisation: 'Demo plant',
    site: first?.site ?? 'Works 1',
    timeZone: first?.timeZone,
    admin: { email: 'demo@demo.example', name: 'Dana Demo', password: undefined },
  });
  // From here on like anybody else: through the contract, as the administrator just made.
  const secret = await site.people.consoleLink(undefined, 60_000);
  const origin = { from: 'console', local: true, agent: 'demo' };
  const { token } = await site.client({ token: undefined, origin }).people.signInByLink({ secret });
  const { people } = site.client({ token, origin });
  const sites = [firstSite];
  for (const { site: name, timeZone } of TREE.slice(1)) sites.push((await people.createSite({ organisation, name, timeZone })).site);
  for (const [index, { buildings }] of TREE.entries())
    for (const building of buildings) {
      const at = sites[index] as string;
      const { place } = await people.createPlace({ site: at, parent: null, kind: 'building', name: building.name });
      for (const name of building.systems) await people.createPlace({ site: at, parent: place, kind: 'system', name });
    }
  for (const { email, name, role, site: index } of PEOPLE)
    await people.createPerson({ email, name, role, at: { kind: 'site', site: sites[index] as string } });
  await people.signOut({});
}
