// A page that is loaded when it is first opened, with a boundary of its own: what fails in it stays in it.
import { type ComponentType, lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Boundary } from './Boundary.tsx';
import classes from './frame/Frame.module.css';

export function lazyPage(load: () => Promise<{ default: ComponentType }>): () => React.JSX.Element {
  const Page = lazy(load);
  // Called once a page, when its area is loaded; never while drawing
  return function PageInItsBoundary() {
    return (
      <Boundary>
        <Suspense fallback={<Loading />}>
          <Page />
        </Suspense>
      </Boundary>
    );
  };
}

function Loading() {
  const { t } = useTranslation('app');
  return <p className={`${classes.loading} quiet`}>{t('common.loading')}</p>;
}
