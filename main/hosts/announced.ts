// The name under which stations are found on a local network.
export const SERVICE = '_outpost._tcp.local';
