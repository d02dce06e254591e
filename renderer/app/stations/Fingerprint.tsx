// A fingerprint in rows of eight, to be compared by eye.
import classes from './stations.module.css';
import { fingerprintRows } from './stations.ts';

export function Fingerprint({ label, value }: { label: string; value: string }) {
  return (
    <figure className={classes.fingerprint}>
      <figcaption>{label}</figcaption>
      <code>
        {fingerprintRows(value).map((row) => (
          <span key={row}>{row}</span>
        ))}
      </code>
    </figure>
  );
}
