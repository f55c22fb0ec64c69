/** The commands offered while "/…" is typed, with the forms that their usage hints name. */
import { page } from "./store.js";

const ABOUT = {
  "": "Write a post and choose when it goes out",
  "[text]": "The same, with the text filled in",
  list: "What is planned",
  "status <id>": "Where one post stands",
  accounts: "The connected accounts",
  help: "All of this in short",
};

/** [{command, shown, fill, about}], the closest first; none for other text. */
export function suggestions(text) {
  if (!text.startsWith("/") || text.includes("\n")) return [];
  const all = (page.state.commands ?? []).flatMap(({ command, usage_hint: usage = "" }) => [
    { command, shown: command, fill: command, about: ABOUT[""] },
    ...usage
      .split("|")
      .map((form) => form.trim())
      .filter(Boolean)
      .map((form) => withForm(command, form)),
  ]);
  return all.filter(
    (each) => each.fill.startsWith(text) || (each.open && text === `${each.command} `),
  );
}

function withForm(command, form) {
  const fixed = form.split(/[[<]/)[0];
  return {
    command,
    shown: `${command} ${form}`,
    fill: `${command} ${fixed}`,
    open: !fixed,
    about: ABOUT[form] ?? "",
  };
}
