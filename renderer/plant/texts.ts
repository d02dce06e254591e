// The words of plant.

export const texts = {
  rail: { plant: 'Plant' },
  overview: {
    buildings_one: '{{count}} building',
    buildings_other: '{{count}} buildings',
    systems_one: '{{count}} system',
    systems_other: '{{count}} systems',
    status: '{{buildings}} · {{systems}} · nothing is connected yet',
    empty: 'This site has no buildings yet. Add the first one to begin its map.',
    emptyForViewers: 'This site has no buildings yet. Its manager adds them.',
    add: 'Add a building',
    noSystems: 'No systems yet',
    edit: 'Edit the site',
    organisationStatus_one: '{{count}} site',
    organisationStatus_other: '{{count}} sites',
    noSites: 'There is no site here yet.',
  },
  system: {
    status: '{{building}} · nothing is connected yet',
    empty: 'No device is connected to this system.',
    gone: 'This system is not here any more.',
    inside: 'Systems inside',
  },
} as const;
