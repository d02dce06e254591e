// Keeps a failure where it happened: the part shows what went wrong and a way to try again, the rest works on.
import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Boundary.module.css';

type Props = { children: ReactNode };
type State = { error: Error | undefined };

export class Boundary extends Component<Props, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override componentDidCatch(error: Error): void {
    console.error(error);
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === undefined ? this.props.children : <Broken error={error} again={() => this.setState({ error: undefined })} />;
  }
}

const isLostFile = (error: Error) => /dynamically imported module|module script/i.test(error.message);

function Broken({ error, again }: { error: Error; again(): void }) {
  const { t } = useTranslation('app');
  return (
    <div role="alert" className={classes.broken}>
      <h2>{t('broken.title')}</h2>
      <p>{t('broken.hint')}</p>
      {/* A file of the page that could not be loaded is remembered as lost by the browser: only a new load asks again. */}
      {isLostFile(error) ? (
        <Button onClick={() => location.reload()}>{t('door.reload')}</Button>
      ) : (
        <Button onClick={again}>{t('broken.again')}</Button>
      )}
      <details>
        <summary>{t('broken.details')}</summary>
        <pre>{error.stack ?? error.message}</pre>
      </details>
    </div>
  );
}
