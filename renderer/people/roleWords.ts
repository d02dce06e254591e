// Roles and the places they are given at, in words.
import type { GrantPlace, Me } from '../../contract/people.ts';

/** The name of the place a role is given at, or undefined for the whole platform. */
export function placeName(me: Me, at: GrantPlace): string | undefined {
  if (at.kind === 'platform') return undefined;
  if (at.kind === 'site') return me.sites.find((site) => site.id === at.site)?.name;
  return me.organisations.find((organisation) => organisation.id === at.organisation)?.name;
}
