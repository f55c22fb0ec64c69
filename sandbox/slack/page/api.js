/** The requests of this page. Each resolves to the answer or rejects with a sentence to show. */

const SENTENCES = {
  busy: "The form is being sent already.",
  channel_not_found: "That conversation is not open to this member.",
  element_not_found: "That control has just changed. Look at it again and repeat the step.",
  file_not_found: "That file is no longer there. Choose it again.",
  file_too_large: "A file may have at most 10 MB.",
  invalid_value: "That value does not fit here.",
  message_not_found: "That message is no longer there.",
  options_not_loaded: "The app did not fill this menu. Try again.",
  too_many_files: "That is more files than fit here.",
  view_not_found: "That form has been closed or replaced.",
};

class Refused extends Error {
  constructor(code, status) {
    super(SENTENCES[code] ?? code ?? `The sandbox answered with status ${status}.`);
    this.code = code;
  }
}

async function answerOf(response) {
  const answer = await response.json().catch(() => null);
  if (!answer || answer.ok === false) throw new Refused(answer?.error, response.status);
  return answer;
}

export async function post(path, body) {
  const response = await fetch(`/_/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Error("The sandbox does not answer. Is it still running?");
  });
  return answerOf(response);
}

/** Waits on the server until something changed after version `since`, at most `wait` seconds. */
export async function getState({ member, since, wait, signal }) {
  const query = new URLSearchParams({ member, since, wait });
  return answerOf(await fetch(`/_/state?${query}`, { signal }));
}

export async function getSwitches() {
  return answerOf(await fetch("/_/switches"));
}

/** Stores one file and resolves to {id, name, mimetype, size, url}. */
export async function upload(member, file) {
  const form = new FormData();
  form.append("file", file, file.name);
  const response = await fetch(`/_/upload?${new URLSearchParams({ member })}`, {
    method: "POST",
    body: form,
  });
  const answer = await answerOf(response);
  return answer.file ?? answer;
}
