// Mantine wears our tokens: neutral greys, one blue, small radii, the bundled faces.
import { createTheme, type MantineColorsTuple } from '@mantine/core';

const blue: MantineColorsTuple = [
  '#e8f1fd',
  '#cfe0f9',
  '#a4c6f5',
  '#7fb0f2',
  '#6cabf7',
  '#3f86e0',
  '#2a70cf',
  '#1c63c4',
  '#1853a5',
  '#123f80',
];
const dark: MantineColorsTuple = [
  '#e6eaee',
  '#c0c9d2',
  '#9aa5b0',
  '#78838e',
  '#414a54',
  '#2d343c',
  '#282e36',
  '#1b1f24',
  '#171a1f',
  '#111417',
];
const gray: MantineColorsTuple = [
  '#f7f9fa',
  '#f3f5f7',
  '#e9edf1',
  '#d5dbe1',
  '#c0c8d0',
  '#98a3ae',
  '#58636e',
  '#465059',
  '#2c343c',
  '#1a2129',
];

const small = { defaultProps: { size: 'sm' } };

export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  colors: { blue, dark, gray },
  defaultRadius: 4,
  fontFamily: 'var(--text-face)',
  fontFamilyMonospace: 'var(--mono-face)',
  headings: {
    fontFamily: 'var(--text-face)',
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.3' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  fontSizes: { xs: '0.75rem', sm: '0.875rem', md: '1rem', lg: '1.25rem', xl: '1.75rem' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.5rem', xl: '2rem' },
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: small,
    TextInput: small,
    PasswordInput: small,
    Select: small,
    NumberInput: small,
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 120 }, overlayProps: { backgroundOpacity: 0.5 } } },
    Menu: { defaultProps: { transitionProps: { duration: 80 }, shadow: 'md' } },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 80 }, events: { hover: true, focus: true, touch: true } } },
    Badge: { defaultProps: { variant: 'default', radius: 4, tt: 'none', fw: 500, size: 'md' } },
  },
});
