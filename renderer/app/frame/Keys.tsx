// The list of keys, behind “?”.
import { Kbd, Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './Keys.module.css';
import { KEYS, useOverlays } from './keys.ts';

export function Keys() {
  const { t } = useTranslation('app');
  const { open, close } = useOverlays();
  return (
    <Modal opened={open === 'keys'} onClose={close} title={t('keys.title')} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <dl className={classes.list}>
        {KEYS.map(({ keys, label }) => (
          <div key={label}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{t(label)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
