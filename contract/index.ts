// The whole contract: seven areas, always in this order. Whoever needs one area imports its own file.

import { type PeopleEvent, people, peopleStreams } from './people.ts';
import { type PlantEvent, plant, plantStreams } from './plant.ts';
import type { AnyStream, Declared } from './procedure.ts';
import { remote, remoteStreams } from './remote.ts';
import { sync, syncStreams } from './sync.ts';
import { team, teamStreams } from './team.ts';
import { type WatchEvent, watch, watchStreams } from './watch.ts';
import { work, workStreams } from './work.ts';

/** Order of areas: each may use those before it. The other way there are events. */
export const AREAS = ['people', 'plant', 'work', 'remote', 'team', 'watch', 'sync'] as const;
export type AreaName = (typeof AREAS)[number];

export const contract = { people, plant, work, remote, team, watch, sync };
export type Contract = typeof contract;

export const streams = {
  people: peopleStreams,
  plant: plantStreams,
  work: workStreams,
  remote: remoteStreams,
  team: teamStreams,
  watch: watchStreams,
  sync: syncStreams,
};
export type Streams = typeof streams;

export type StationEvent = PeopleEvent | PlantEvent | WatchEvent;

/** Every procedure by its full name. */
export const procedures: ReadonlyMap<string, Declared> = new Map(
  Object.entries(contract).flatMap(([area, declared]) =>
    Object.entries(declared as Record<string, Declared>).map(([name, one]): [string, Declared] => [`${area}.${name}`, one]),
  ),
);

/** A stream by its full name, 'watch.tasks'; undefined for anything that was not declared. */
export function streamNamed(full: string): AnyStream | undefined {
  const [area, name, ...more] = full.split('.');
  if (area === undefined || name === undefined || more.length > 0 || !Object.hasOwn(streams, area)) return undefined;
  const declared = streams[area as AreaName] as Record<string, AnyStream>;
  return Object.hasOwn(declared, name) ? declared[name] : undefined;
}
