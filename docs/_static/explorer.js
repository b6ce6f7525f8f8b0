// The explorer of convolution arithmetic: native controls, one SVG, no dependency but arithmetic.js.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SLIDERS = [
    ["n", "input size", 1, 32], ["k", "kernel_size", 1, 9], ["s", "stride", 1, 5],
    ["p", "padding", 0, 8], ["d", "dilation", 1, 4], ["op", "output_padding", 0, 4],
  ];
  const CHOICES = [
    ["kind", "layer", [["conv", "Conv"], ["transposed", "ConvTranspose"]]],
    ["axes", "axes", [["1", "1-D"], ["2", "2-D"]]],
    ["mode", "padding_mode", ["zeros", "reflect", "replicate", "circular"].map((m) => [m, m])],
  ];
  const DEFAULTS = {
    kind: "conv", axes: 1, n: 7, k: 3, s: 2, p: 1, d: 1, op: 0, mode: "zeros", rows: null,
  };
  let count = 0;

  function html(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function draw(name, attributes, parent, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  const numbers = (v) => Object.fromEntries(SLIDERS.map(([key]) => [key, v[key]]));

  // Settings from "kind=conv&n=7&k=3,5": only what is known and in range; a pair is rows, columns.
  function parse(text, start) {
    const v = { ...start };
    const pairs = [...new URLSearchParams(text)];
    const number = (value, [, , min, max]) => Math.min(Math.max(+value, min), max);
    for (const [key, value] of pairs) {
      const choice = CHOICES.find(([name]) => name === key);
      if (choice && choice[2].some(([name]) => name === value)) {
        v[key] = key === "axes" ? +value : value;
      }
    }
    for (const first of [false, true]) {  // the last axis, then what the first has of its own
      for (const [key, value] of pairs) {
        const slider = SLIDERS.find(([name]) => name === key);
        if (key === "p" && value === "same") v.p = "same";
        else if (slider && /^\d+(,\d+)?$/.test(value)) {
          const pair = value.split(",").map((each) => number(each, slider));
          if (!first) v[key] = pair.at(-1);
          else if (pair.length === 2 || v.rows) v.rows = { ...(v.rows || numbers(v)), [key]: pair[0] };
        }
      }
    }
    if (v.rows && v.p === "same") v.rows = { ...v.rows, p: "same" };
    return v;
  }

  function query(v) {
    const pair = (key) => (v.rows && v[key] !== "same" ? `${v.rows[key]},${v[key]}` : v[key]);
    const pairs = SLIDERS.map(([key]) => [key, pair(key)]);
    return new URLSearchParams([["kind", v.kind], ["axes", v.axes], ...pairs, ["mode", v.mode]])
      .toString().replaceAll("%2C", ",");
  }

  const fromAddress = () => {
    const found = location.hash.match(/^#explorer\?(.*)$/);
    return found ? decodeURIComponent(found[1]) : null;
  };

  function mount(root) {
    const id = `lucid-explorer-${count++}`;
    const preset = parse(root.dataset.settings, DEFAULTS);
    let v = { ...preset }, step = 0, timer = null;
    const inputs = {}, shown = {}, labels = {};
    const form = html("form", { class: "lucid-explorer-controls" });
    for (const [key, label, options] of CHOICES) {
      const select = html("select", { id: `${id}-${key}` });
      for (const [value, text] of options) select.append(html("option", { value }, text));
      select.addEventListener("change", () => change(key, key === "axes" ? +select.value : select.value));
      inputs[key] = select;
      form.append(html("div", { class: "lucid-explorer-field" },
        html("label", { for: select.id }, label), select));
    }
    const slider = (key, min, max, move) => {
      const range = html("input", { type: "range", id: `${id}-${key}`, min, max, step: 1 });
      range.addEventListener("input", () => move(+range.value));
      inputs[key] = range;
      shown[key] = html("output", { for: range.id });
      labels[key] = html("label", { for: range.id });
      return html("div", { class: "lucid-explorer-field" }, labels[key], shown[key], range);
    };
    const ofRows = SLIDERS.map(([key, , min, max]) => {
      const first = slider(`${key}0`, min, max, (value) => change("rows", { ...v.rows, [key]: value }));
      form.append(html("div", {}, first, slider(key, min, max, (value) => change(key, value))));
      return first;
    });
    const apart = html("input", { type: "checkbox", id: `${id}-apart` });
    apart.addEventListener("change", () => change("rows", apart.checked ? numbers(v) : null));
    const apartBox = html("div", { class: "lucid-explorer-field lucid-explorer-check" }, apart,
      html("label", { for: apart.id }, "rows of their own"));
    form.append(apartBox);
    const same = html("input", { type: "checkbox", id: `${id}-same` });
    same.addEventListener("change", () => change("p", same.checked ? "same" : +inputs.p.value));
    form.append(html("div", { class: "lucid-explorer-field lucid-explorer-check" }, same,
      html("label", { for: same.id }, "padding='same'")));
    const code = html("code", { class: "lucid-explorer-code" });
    const formula = html("p", { class: "lucid-explorer-formula", role: "status" });
    const picture = html("div", { class: "lucid-explorer-picture" });
    const place = html("input", { type: "range", id: `${id}-step`, min: 0, step: 1 });
    place.addEventListener("input", () => { step = +place.value; render(); });
    const placeLabel = html("label", { for: place.id });
    const play = html("button", { type: "button" }, "Play");
    play.addEventListener("click", () => (timer ? stop() : start()));
    const words = html("p", { class: "lucid-explorer-words", "aria-live": "polite" });
    const link = html("a", { href: "#" }, "Link to this case");
    const reset = html("button", { type: "button" }, "Reset");
    reset.addEventListener("click", () => { v = { ...preset }; step = 0; stop(); render(true); });
    root.replaceChildren(form, html("p", {}, code), formula, picture,
      html("div", { class: "lucid-explorer-steps" }, placeLabel, place, play, reset, link), words);
    form.addEventListener("submit", (event) => event.preventDefault());

    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }
    function start() {
      play.textContent = "Stop";
      words.setAttribute("aria-live", "off");  // a walk is not read aloud, a step is
      timer = setInterval(() => { step = (step + 1) % (+place.max + 1); render(); }, 700);
    }
    function change(key, value) {
      v = { ...v, [key]: value };
      if (key === "p" && v.rows && (value === "same" || v.rows.p === "same")) {
        v.rows = { ...v.rows, p: value };
      }
      words.setAttribute("aria-live", "polite");
      render(true);
    }

    function render(announce = false) {
      const transposed = v.kind === "transposed";
      const two = v.axes === 2, rows = two ? v.rows : null;
      const sides = arithmetic.sides(v);
      const refusals = sides.map(arithmetic.refusal);
      const at = refusals.findIndex(Boolean);
      const wrong = at < 0 ? "" : (rows ? ["Rows: ", "Columns: "][at] : "") + refusals[at];
      for (const [key] of CHOICES) inputs[key].value = String(v[key]);
      for (const [key, label] of SLIDERS) {
        labels[key].textContent = rows ? `${label}, columns` : label;
        labels[`${key}0`].textContent = `${label}, rows`;
        for (const [name, value] of [[key, v[key]], [`${key}0`, rows ? rows[key] : 1]]) {
          if (value !== "same") inputs[name].value = value;
          shown[name].textContent = value;
        }
      }
      for (const box of ofRows) box.hidden = !rows;
      apartBox.hidden = !two;
      apart.checked = Boolean(rows);
      same.checked = v.p === "same";
      inputs.p.disabled = inputs.p0.disabled = v.p === "same";
      same.disabled = transposed;
      inputs.mode.disabled = transposed;
      inputs.op.disabled = inputs.op0.disabled = !transposed;
      code.textContent = arithmetic.code(v);
      formula.textContent = wrong || (rows ? ["rows: ", "columns: "] : ["output size = "])
        .map((name, side) => name + arithmetic.formula(sides[side])).join("\n");
      formula.classList.toggle("lucid-explorer-wrong", Boolean(wrong));
      picture.hidden = Boolean(wrong);
      link.href = `#explorer?${query(v)}`;
      if (announce) history.replaceState(null, "", link.href);
      const places = sides.map((side) => (wrong ? 0 : transposed ? side.n : arithmetic.size(side)));
      const across = places.at(-1);
      place.max = Math.max(0, places.reduce((a, b) => a * b) - 1);
      step = Math.min(step, +place.max);
      place.value = step;
      const o = two ? [Math.floor(step / across), step % across] : [step];
      placeLabel.textContent = `${transposed ? "input" : "output"} position ${o.join(", ")}`;
      place.setAttribute("aria-valuetext", o.join(", "));
      words.textContent = wrong ? "" : describe(v, o);
      picture.replaceChildren();
      if (!wrong) paint(picture, v, o, (chosen) => {
        step = two ? chosen[0] * across + chosen[1] : chosen[0];
        render();
      });
    }
    root.lucidLoad = (text) => { v = parse(text, preset); step = 0; render(); };
    render();
  }

  // What happens at this position, in words: the sum of the definition.
  function describe(v, o) {
    const transposed = v.kind === "transposed";
    const sides = arithmetic.sides(v);
    const along = o.map((each, a) => arithmetic.taps(sides[a], each));
    if (v.axes === 1) {
      const terms = along[0].filter(({ at }) => at !== null);
      if (!transposed) {
        const sum = terms.map(({ tap, at }) => `x[${at}]·w[${tap}]`).join(" + ");
        return `y[${o[0]}] = ${sum || "0: every tap reads padding"}`;
      }
      const list = terms.map(({ tap, at }) => `y[${at}] += x[${o[0]}]·w[${tap}]`).join(",  ");
      return list || `x[${o[0]}] is cropped away: no tap lands on the output`;
    }
    const inside = along.map((taps) => taps.filter(({ at }) => at !== null).length);
    const all = sides[0].k * v.k, read = inside[0] * inside[1];
    return transposed
      ? `x[${o}] is added to ${read} output positions` + (read < all ? `; ${all - read} taps are cropped` : "")
      : `y[${o}] is a sum of ${read} products` + (read < all ? `; ${all - read} taps read zeros` : "");
  }

  // Both arrays, the kernel's place marked on them.
  function paint(host, v, o, choose) {
    const transposed = v.kind === "transposed";
    const flat = v.axes === 1;
    // of each axis: the array that has a margin (padding or crop), and the one that is walked
    const sides = arithmetic.sides(v).map((side) => {
      const [low, high] = transposed ? [side.p, side.p] : arithmetic.pads(side);
      const [wide, narrow] = transposed ? [arithmetic.size(side), side.n] : [side.n, arithmetic.size(side)];
      return { low, high, wide, narrow, span: wide + low + high };
    });
    const [across, down] = [sides.at(-1), sides[0]];
    const { low, high, wide, narrow } = across;
    const longest = Math.max(...sides.map(({ span, narrow: walked }) => Math.max(span, walked)));
    const cell = flat ? Math.max(16, Math.min(36, Math.floor(720 / longest)))
      : Math.max(7, Math.min(26, Math.floor(340 / longest)));
    const margin = 24, gap = flat ? 56 : 40;
    const first = across.span, second = narrow;
    const width = flat ? Math.max(first, second) * cell : (first + second) * cell + gap;
    const height = flat ? 2 * cell + gap + 2 * margin
      : Math.max(down.span, down.narrow) * cell + margin + 4;
    const svg = draw("svg", {
      viewBox: `-4 0 ${Math.max(width, 240) + 8} ${height}`, role: "img", class: "lucid-grid",
      style: `max-width:${Math.max(width, 240) + 8}px`,
    }, host);
    const names = transposed ? ["output", "input"] : ["input", "output"];
    const size = (name) => sides.map((side) => side[name]).join(" × ");
    draw("title", {}, svg, `${names[0]} of ${size("wide")} and ${names[1]} of ${size("narrow")} ` +
      `positions; ${describe(v, o)}`);
    const counts = transposed ? arithmetic.sides(v).map(arithmetic.overlaps) : null;
    const taps = o.map((each, a) => new Set(arithmetic.taps(arithmetic.sides(v)[a], each).map(({ i }) => i)));
    const shift = flat ? ((first - second) * cell) / 2 : first * cell + gap;
    const rows = flat ? [null] : Array.from({ length: down.span }, (_, r) => r - down.low);
    const caption = (x, text) => draw("text", { x, y: 15, class: "lucid-grid-name" }, svg, text);
    const sum = ({ low: before, high: after }) => (before === after ? before : `${before} + ${after}`);
    const each = sides.map(transposed ? (side) => side.low + side.high : sum);
    const margins = sides.every((side) => side.low + side.high === 0) ? "" :
      `, ${transposed ? "" : "padding "}${[...new Set(each)].join(" and ")}${transposed ? " cropped" : ""}`;
    caption(Math.max(0, flat ? -shift : 0), `${names[0]} ${size("wide")}${margins}`);
    const at = (x, y, classes, text, chosen) => {
      const rect = draw("rect", {
        x: x + 1, y: y + 1, width: cell - 2, height: cell - 2, rx: Math.min(4, cell / 5), class: classes,
      }, svg);
      if (text !== "" && cell >= 16) {
        draw("text", { x: x + cell / 2, y: y + cell / 2 + 4, class: "lucid-grid-number" }, svg, text);
      }
      if (chosen) rect.addEventListener("click", () => choose(chosen));
    };
    const offset = flat ? Math.max(0, -shift) : 0;
    for (const row of rows) {
      for (let i = -low; i < wide + high; i++) {
        const outside = i < 0 || i >= wide || (row !== null && (row < 0 || row >= down.wide));
        const marked = flat ? taps[0].has(i) : taps[0].has(row) && taps[1].has(i);
        let text = "";
        if (flat) {
          const source = transposed ? null : arithmetic.source(i, v.n, v.mode);
          text = transposed ? (outside ? "" : counts[0][i]) : source === null ? "·" : source;
        } else if (transposed && !outside) text = counts[0][row] * counts[1][i];
        const kind = outside ? "lucid-cell-margin" : transposed ? "lucid-cell-out" : "lucid-cell-in";
        at(offset + (i + low) * cell, margin + (row === null ? 0 : (row + down.low) * cell),
          `${kind}${marked ? " lucid-cell-tap" : ""}`, text);
      }
    }
    const top = flat ? margin + cell + gap : margin;
    const x0 = flat ? Math.max(0, shift) : shift;
    if (flat) {
      for (const i of taps[0]) {
        if (i >= -low && i < wide + high) {
          draw("line", {
            x1: offset + (i + low + 0.5) * cell, y1: margin + cell, class: "lucid-grid-line",
            x2: x0 + (o[0] + 0.5) * cell, y2: top,
          }, svg);
        }
      }
      draw("text", { x: x0, y: top + cell + 17, class: "lucid-grid-name" }, svg, `${names[1]} ${size("narrow")}`);
    } else caption(x0, `${names[1]} ${size("narrow")}`);
    for (const row of flat ? [null] : Array.from({ length: down.narrow }, (_, r) => r)) {
      for (let i = 0; i < narrow; i++) {
        const here = flat ? i === o[0] : row === o[0] && i === o[1];
        at(x0 + i * cell, top + (row === null ? 0 : row * cell),
          `${transposed ? "lucid-cell-in" : "lucid-cell-out"} lucid-cell-walk${here ? " lucid-cell-here" : ""}`,
          flat ? i : "", flat ? [i] : [row, i]);
      }
    }
  }

  function follow() {
    const text = fromAddress();
    const root = document.querySelector(".lucid-explorer");
    if (text === null || !root) return;
    root.lucidLoad(text);
    root.scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".lucid-explorer").forEach(mount);
    follow();
  });
  window.addEventListener("hashchange", follow);
})();
