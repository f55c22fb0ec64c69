/** Line icons of our own, 20 by 20, drawn in the colour of the text. */
import { h } from "./dom.js";

const PATHS = {
  close: "M5 5l10 10M15 5L5 15",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  bolt: "M11 2.5L4.5 11.5H10L9 17.5L15.5 8.5H10z",
  hash: "M7.5 3.5L6 16.5M14 3.5L12.500 16.500M3.500 7.500H17M3 12.500H16.500",
  send: "M3.500 10L16.500 4L12 16.500L9.500 11.500zM9.500 11.500L16.500 4",
  reply: "M4 4.500H16V13H10L6.500 16V13H4z",
  outside: "M8 5H4.500V15.500H15V12M11 4H16V9M16 4L9.500 10.500",
  menu: "M3.500 6H16.500M3.500 10H16.500M3.500 14H16.500",
  plus: "M10 4V16M4 10H16",
  back: "M12 4.500L6.500 10L12 15.500",
  down: "M5 8L10 13L15 8",
  up: "M5 12L10 7L15 12",
  eye: "M2.500 10C5 5.500 15 5.500 17.500 10C15 14.500 5 14.500 2.500 10zM10 8.500A1.500 1.500 0 1 1 10 11.500A1.500 1.500 0 1 1 10 8.500",
  file: "M5.500 3H11.500L14.500 6V17H5.500zM11.500 3V6H14.500",
  dial: "M4.500 14.500A7 7 0 1 1 15.500 14.500M10 11L13 7.500",
};

export function icon(name) {
  return h(
    "svg",
    { viewBox: "0 0 20 20", class: `icon icon-${name}`, "aria-hidden": "true" },
    h("path", { d: PATHS[name] }),
  );
}
