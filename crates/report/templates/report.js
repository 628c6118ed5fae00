"use strict";
(() => {
  const tools = document.getElementById("tools");
  const words = tools.dataset;
  const make = (name, parent, text) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  };

  // Copy buttons: where the clipboard is closed to files, the text is selected and copied the old way.
  const copy = async (source) => {
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source);
      document.execCommand("copy");
    }
  };
  for (const source of document.querySelectorAll("[data-copy]:not(#tools)")) {
    const frame = document.createElement("div");
    frame.className = "copied";
    source.replaceWith(frame);
    const button = make("button", frame, words.copy);
    button.type = "button";
    frame.append(source);
    if (source.classList.contains("letter")) source.tabIndex = 0;
    button.addEventListener("click", async () => {
      await copy(source);
      button.textContent = words.copied;
      setTimeout(() => { button.textContent = words.copy; }, 1500);
    });
  }

  // What is folded prints unfolded.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details:not([open])")) {
      details.open = true;
      details.dataset.printed = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const details of document.querySelectorAll("details[data-printed]")) {
      details.open = false;
      delete details.dataset.printed;
    }
  });

  // Filters, where there is something to choose from.
  const findings = [...document.querySelectorAll("article.finding")];
  if (findings.length < 4) return;
  tools.setAttribute("role", "search");
  tools.setAttribute("aria-label", words.filter);
  const search = make("input", make("label", tools, words.search));
  search.type = "search";
  const choice = (name, key, values) => {
    if (values.length < 2) return null;
    const select = make("select", make("label", tools, name));
    make("option", select, words.all).value = "";
    for (const value of values) make("option", select, value).value = value;
    return { select, key };
  };
  const present = (key) => [...new Set(findings.map((finding) => finding.dataset[key]))];
  const levels = ["critical", "high", "medium", "low", "info"].filter((level) => present("severity").includes(level));
  const choices = [
    choice(words.severity, "severity", levels),
    choice(words.host, "host", present("host").filter((host) => host).sort()),
  ].filter((one) => one);
  // A note tells of no problem; there is something to hide only where there are both.
  const roles = present("role");
  let problems = null;
  if (roles.includes("note") && roles.length > 1) {
    const label = make("label", tools);
    problems = make("input", label);
    problems.type = "checkbox";
    label.append(words.problems);
  }
  const count = make("output", tools);
  const texts = new Map();
  const textOf = (finding) => {
    if (!texts.has(finding)) texts.set(finding, finding.textContent.toLowerCase());
    return texts.get(finding);
  };
  const apply = () => {
    const terms = search.value.toLowerCase().split(/\s+/).filter((term) => term);
    let shown = 0;
    for (const finding of findings) {
      finding.hidden =
        (problems && problems.checked && finding.dataset.role === "note") ||
        choices.some(({ select, key }) => select.value && select.value !== finding.dataset[key]) ||
        terms.some((term) => !textOf(finding).includes(term));
      if (!finding.hidden) shown += 1;
    }
    count.textContent = `${shown} / ${findings.length} ${words.shown}`;
  };
  tools.addEventListener("input", apply);
  apply();
})();
