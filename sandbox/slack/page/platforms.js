/** The platforms whose stand-ins run beside this one, as people call them. */
const NAMES = { x: "X", facebook: "Facebook", instagram: "Instagram", pinterest: "Pinterest" };

export function platformName(key) {
  return NAMES[key] ?? key;
}
