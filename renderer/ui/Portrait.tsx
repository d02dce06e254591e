// A person's picture, or their initials on a quiet ground.
import { Avatar } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useStation } from '../app/hooks.ts';

type Person = { id: string; name: string; picture: string | null };

const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((word) => [...word][0] ?? '')
    .filter((_, index, all) => index === 0 || index === all.length - 1)
    .join('')
    .toUpperCase();

export function Portrait({ person, size }: { person: Person; size: string }) {
  const station = useStation();
  // The hash is part of the key: a new picture is another question.
  const { data } = useQuery({
    queryKey: ['people.picture', person.id, person.picture],
    queryFn: () => station.people.picture({ person: person.id }),
    enabled: person.picture !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const picture = data?.picture;
  return (
    // Whoever hears the page hears the name that stands beside it.
    <Avatar
      size={size}
      radius="xl"
      variant="default"
      alt=""
      aria-hidden
      src={picture ? `data:${picture.type};base64,${picture.data}` : null}
    >
      {initials(person.name)}
    </Avatar>
  );
}
