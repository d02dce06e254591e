// A time zone out of the four hundred there are: one types a few letters of it.
import { Select } from '@mantine/core';

export const ownTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

let zones: string[] | undefined;
function timeZones(): string[] {
  zones ??= [...new Set([ownTimeZone(), 'UTC', ...Intl.supportedValuesOf('timeZone')])];
  return zones;
}

/** Shown at once; typing narrows all of them. */
const SHOWN = 50;

export function TimeZoneSelect({
  label,
  value,
  onChange,
  disabled = false,
}: {
  label: string;
  value: string;
  onChange(zone: string): void;
  disabled?: boolean;
}) {
  // Several hundred hidden options would weigh on every page that has one of these.
  const comboboxProps = { keepMounted: false };
  return (
    <Select
      label={label}
      data={timeZones()}
      limit={SHOWN}
      searchable
      allowDeselect={false}
      comboboxProps={comboboxProps}
      value={value}
      disabled={disabled}
      onChange={(zone) => onChange(zone ?? value)}
    />
  );
}
