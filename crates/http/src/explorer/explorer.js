// Shows the OpenAPI document by tags, and sends requests. Everything is put in as text, nothing as HTML.
"use strict";

const $ = (id) => document.getElementById(id);

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** The schema that this one refers to, or this one if it refers to none. */
function resolve(spec, schema) {
  let found = schema;
  while (found?.$ref) {
    found = found.$ref.slice(2).split("/").reduce((node, key) => node?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], spec);
  }
  return found ?? {};
}

/** A value that fits a schema, to begin from. It has no optional fields. */
function example(spec, schema, depth = 0) {
  const known = resolve(spec, schema);
  if (known.const !== undefined) return known.const;
  if (known.default !== undefined) return known.default;
  if (known.enum) return known.enum[0];
  const alternative = (known.oneOf ?? known.anyOf ?? known.allOf)?.[0];
  if (alternative && !known.properties) return example(spec, alternative, depth);
  const type = Array.isArray(known.type) ? known.type[0] : known.type;
  if (type === "object" || known.properties) {
    const required = new Set(known.required ?? []);
    const fields = Object.entries(known.properties ?? {}).filter(([name]) => required.has(name));
    return Object.fromEntries(depth > 4 ? [] : fields.map(([name, field]) => [name, example(spec, field, depth + 1)]));
  }
  if (type === "array") return [];
  if (type === "integer" || type === "number") return known.minimum ?? 0;
  if (type === "boolean") return true;
  return "";
}

/** A schema in short. */
function kind(spec, schema) {
  if (schema?.$ref) return schema.$ref.split("/").at(-1);
  const several = schema?.oneOf ?? schema?.anyOf;
  if (several) return several.map((one) => kind(spec, one)).join(" | ");
  if (schema?.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema?.const !== undefined) return JSON.stringify(schema.const);
  const type = [schema?.type ?? "any"].flat().join(" | ");
  return schema?.items ? `${kind(spec, schema.items)}[]` : type;
}

/** The fields of a schema; a click shows the fields of a field. */
function fields(spec, schema, seen = []) {
  const known = resolve(spec, schema);
  const alternatives = known.oneOf ?? known.anyOf;
  if (!known.properties && alternatives) return element("div", {}, ...alternatives.map((one) => fields(spec, one, seen)));
  if (!known.properties) return element("p", {}, element("code", {}, kind(spec, schema)), known.description ? ` ${known.description}` : "");
  const rows = Object.entries(known.properties).map(([name, field]) => {
    const inner = field.items ?? field.anyOf?.find((one) => one.$ref) ?? field;
    const target = resolve(spec, inner);
    const deeper = target.properties && !seen.includes(target);
    const more = deeper ? element("details", {}, element("summary", {}, "fields")) : undefined;
    more?.addEventListener("toggle", () => more.children.length > 1 || more.append(fields(spec, inner, [...seen, target])));
    const required = known.required?.includes(name) ? element("span", { class: "faint" }, " required") : undefined;
    return element("tr", {}, element("td", {}, element("code", {}, name), required),
      element("td", {}, element("code", {}, kind(spec, field))),
      element("td", {}, field.description ?? "", more));
  });
  return element("table", {}, element("tbody", {}, ...rows));
}

function operation(spec, path, method, told) {
  const parameters = (told.parameters ?? []).map((one) => resolve(spec, one));
  const inputs = new Map();
  const rows = parameters.map((one) => {
    const input = element("input", { "aria-label": one.name, placeholder: one.required ? "required" : "" });
    inputs.set(one, input);
    return element("tr", {}, element("td", {}, element("code", {}, one.name), element("span", { class: "faint" }, ` ${one.in}`)),
      element("td", {}, element("code", {}, kind(spec, one.schema))),
      element("td", {}, one.description ?? ""), element("td", {}, input));
  });
  const parts = [];
  if (told.description) parts.push(element("p", {}, told.description));
  if (rows.length) parts.push(element("h3", {}, "Parameters"), element("table", {}, element("tbody", {}, ...rows)));

  const content = told.requestBody?.content ?? {};
  const schema = content["application/json"]?.schema;
  let text;
  let file;
  if (schema) {
    text = element("textarea", { "aria-label": "Body", spellcheck: "false" });
    text.value = JSON.stringify(example(spec, schema), null, 2);
    parts.push(element("h3", {}, "Body"), fields(spec, schema), text);
  } else if (content["multipart/form-data"]) {
    file = element("input", { type: "file", "aria-label": "File" });
    parts.push(element("h3", {}, "File"), file);
  }

  parts.push(element("h3", {}, "Answers"));
  for (const [status, answer] of Object.entries(told.responses)) {
    const known = resolve(spec, answer);
    const shape = Object.values(known.content ?? {})[0]?.schema;
    const more = element("details", {}, element("summary", {}, element("code", {}, status), ` ${known.description}`));
    more.addEventListener("toggle", () => shape && (more.children.length > 1 || more.append(fields(spec, shape))));
    parts.push(more);
  }

  const send = element("button", { type: "button" }, "Send");
  const result = element("div", { "aria-live": "polite" });
  send.addEventListener("click", () => attempt(spec, path, method, inputs, text, file, send, result));
  parts.push(element("div", { class: "row" }, send), result);
  return element("div", {}, ...parts);
}

async function attempt(spec, path, method, inputs, text, file, send, result) {
  let target = (spec.servers?.[0]?.url ?? "") + path;
  const query = new URLSearchParams();
  const headers = {};
  for (const [one, input] of inputs) {
    if (one.in === "path") target = target.replace(`{${one.name}}`, encodeURIComponent(input.value));
    else if (input.value === "") continue;
    else if (one.in === "query") query.append(one.name, input.value);
    else if (one.in === "header") headers[one.name] = input.value;
  }
  if (query.size) target += `?${query}`;
  if ($("token").value) headers.Authorization = `Bearer ${$("token").value.trim()}`;
  let body;
  if (text) [body, headers["Content-Type"]] = [text.value, "application/json"];
  if (file?.files[0]) (body = new FormData()).append("file", file.files[0]);
  send.disabled = true;
  result.replaceChildren("…");
  try {
    const answer = await fetch(target, { method: method.toUpperCase(), headers, body });
    let shown = await answer.text();
    try { shown = JSON.stringify(JSON.parse(shown), null, 2); } catch { /* Not JSON: shown as it is. */ }
    const told = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    result.replaceChildren(element("p", {}, element("strong", {}, `${answer.status} ${answer.statusText}`)),
      element("details", {}, element("summary", {}, "Headers"), element("pre", {}, told)), element("pre", {}, shown));
  } catch (error) {
    result.replaceChildren(element("p", {}, `It was not sent: ${error.message}`));
  } finally {
    send.disabled = false;
  }
}

function show(spec) {
  $("version").textContent = spec.info.version;
  const sections = new Map(spec.tags.map((tag) => [tag.name, element("section", {}, element("h2", {}, tag.name, " ", element("small", {}, tag.description)))]));
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const [method, told] of Object.entries(methods)) {
      const line = element("summary", {}, element("span", { class: `method ${method}` }, method),
        element("code", {}, path), element("span", { class: "faint" }, told.summary ?? ""));
      const entry = element("details", { class: "operation", id: told.operationId }, line);
      entry.dataset.words = `${method} ${path} ${told.operationId} ${told.summary}`.toLowerCase();
      // Made when it is opened: most never are.
      entry.addEventListener("toggle", () => entry.children.length > 1 || entry.append(operation(spec, path, method, told)));
      sections.get(told.tags[0])?.append(entry);
    }
  }
  const main = $("main");
  main.removeAttribute("aria-busy");
  main.replaceChildren(element("p", {}, spec.info.summary ?? ""), ...sections.values());
  $("find").addEventListener("input", () => {
    const words = $("find").value.toLowerCase().split(/\s+/);
    for (const section of sections.values()) {
      const entries = [...section.querySelectorAll(".operation")];
      for (const entry of entries) entry.hidden = !words.every((word) => entry.dataset.words.includes(word));
      section.hidden = entries.every((entry) => entry.hidden);
    }
  });
  const named = location.hash && document.getElementById(location.hash.slice(1));
  if (named) named.open = true;
}

fetch("/api/v1/openapi.json").then((answer) => answer.json()).then(show, (error) => {
  $("main").replaceChildren(element("p", {}, `The document could not be read: ${error.message}`));
});
