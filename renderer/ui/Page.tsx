// The shape of every page: title, one line of status, at most three actions, content that scrolls.
import type { ReactNode } from 'react';
import classes from './Page.module.css';

export function Page({
  title,
  status,
  actions,
  children,
}: {
  title: ReactNode;
  status?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.page} aria-labelledby="page-title">
      <header className={classes.head}>
        <div className={classes.words}>
          <h1 id="page-title" className={`${classes.title} cut`}>
            {title}
          </h1>
          {status !== undefined && <p className={`${classes.status} cut`}>{status}</p>}
        </div>
        {actions !== undefined && <div className={classes.actions}>{actions}</div>}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard */}
      <div className={classes.content} tabIndex={0}>
        {children}
      </div>
    </section>
  );
}

/** Part of a page under its own heading. */
export function Section({ title, actions, children }: { title: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <div className={classes.sectionHead}>
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** Nothing here yet: one sentence, and the button that changes it. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <p>{children}</p>
      {action}
    </div>
  );
}
