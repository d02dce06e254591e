// Names a session's browser in the words of this screen.
import { useTranslation } from 'react-i18next';
import { agentOf } from './agent.ts';

export function useAgent(agent: string): string {
  const { t } = useTranslation('people');
  const said = agentOf(agent);
  if ('text' in said) return said.text;
  if ('browser' in said) return t('account.browser', said);
  return said.system === undefined ? t('account.windowAnywhere') : t('account.window', { system: said.system });
}
