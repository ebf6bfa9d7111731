// Lists every operation of the suite, with a form to send it.
const list = document.getElementById("operations");

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const token = element("input", { placeholder: "access token, as `nexus token` prints it", size: 60 });

async function send(method, path, body, output) {
  const headers = token.value ? { Authorization: `Bearer ${token.value}` } : {};
  const hasBody = !["get", "delete"].includes(method) && body.trim() !== "";
  const response = await fetch(path, { method: method.toUpperCase(), headers, body: hasBody ? body : undefined });
  output.textContent = `${response.status} ${response.statusText}\n${await response.text()}`;
}

function operation(path, method, about) {
  const target = element("input", { value: path, size: 60 });
  const body = element("textarea", { rows: 3, cols: 60, placeholder: "JSON body" });
  const output = element("pre");
  const button = element("button", { textContent: "Send" });
  button.onclick = () => send(method, target.value, body.value, output).catch((error) => (output.textContent = error));
  return element("details", {}, element("summary", { textContent: `${method.toUpperCase()} ${path} — ${about.summary}` }),
    target, element("br"), body, element("br"), button, output);
}

const specification = await (await fetch("/api-docs/openapi.json")).json().catch(() => null);
list.replaceChildren(element("p", {}, token));
for (const [path, methods] of Object.entries(specification?.paths ?? {})) {
  for (const [method, about] of Object.entries(methods)) list.append(operation(path, method, about));
}
