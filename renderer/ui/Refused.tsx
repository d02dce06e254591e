// A refusal where it was asked for: what happened, and what to do.
import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../contract/errors.ts';
import classes from './Refused.module.css';

type Issue = { path: string; id?: string; message: string };

export function Refused({ refusal }: { refusal: Refusal | undefined }) {
  const { t } = useTranslation('app');
  if (refusal === undefined) return null;
  const issues = (refusal.data?.issues ?? []) as Issue[];
  return (
    <div role="alert" className={classes.refused}>
      <TriangleAlert size={16} strokeWidth={1.75} aria-hidden />
      <div>
        <strong>{t(`refusal.${refusal.code}`)}</strong> <span>{refusal.code === 'invalid' ? null : refusal.message}</span>
        {issues.length > 0 && (
          <ul>
            {issues.map((issue) => (
              <li key={`${issue.path} ${issue.message}`}>
                {issue.path !== '' && <code>{issue.path}</code>} {issue.id !== undefined && <strong>{issue.id}</strong>} {issue.message}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
