// A password being typed: hidden, with a button that shows it, in the person's language.
import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export function PasswordField(props: PasswordInputProps & { ref?: React.Ref<HTMLInputElement> }) {
  const { t } = useTranslation('app');
  return <PasswordInput maxLength={256} visibilityToggleButtonProps={{ 'aria-label': t('common.showPassword') }} {...props} />;
}
