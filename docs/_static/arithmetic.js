// The arithmetic of convolution, one axis: i = o·s + k·d − low. No drawing here, so that node can run
// it and a test compare it with lucid.
//
// Settings: kind "conv" | "transposed", n input positions, k taps, s stride, p padding (a number or
// "same"), d dilation, op output_padding, mode "zeros" | "reflect" | "replicate" | "circular".
// With axes 2, they are those of the last axis, and `rows` may hold other ones for the first.
"use strict";

const arithmetic = (() => {
  // The settings of each axis by itself, the last axis last.
  function sides(v) {
    return v.axes === 2 ? [{ ...v, ...v.rows }, v] : [v];
  }

  // [low, high] padding of a convolution.
  function pads({ k, p, d }) {
    if (p !== "same") return [p, p];
    const total = d * (k - 1);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  }

  // Why lucid would refuse these settings, or "".
  function refusal(v) {
    const { kind, n, k, s, p, d, op, mode } = v;
    if (kind === "transposed") {
      if (p === "same") return "A transposed convolution takes its padding as a number.";
      if (op >= Math.max(s, d)) {
        return `output_padding ${op} must be below stride ${s} or dilation ${d}: ` +
          "a larger one only adds positions that no tap reaches.";
      }
      if (size(v) < 1) return `The padding crops everything: the size would be ${size(v)}.`;
      return "";
    }
    if (p === "same" && s > 1) return `padding='same' needs stride 1, not ${s}.`;
    const most = Math.max(...pads(v));
    if (mode === "reflect" && most > n - 1) {
      return `'reflect' has ${n - 1} positions to mirror, ${most} are needed.`;
    }
    if (mode === "circular" && most > n) {
      return `'circular' can go round once: at most ${n}, not ${most}.`;
    }
    if (size(v) < 1) {
      const [low, high] = pads(v);
      return `The kernel spans ${d * (k - 1) + 1} positions and does not fit into ${n + low + high}.`;
    }
    return "";
  }

  // The number of output positions; below 1 where nothing fits.
  function size({ kind, n, k, s, p, d, op, mode }) {
    if (kind === "transposed") return (n - 1) * s - 2 * p + d * (k - 1) + op + 1;
    const [low, high] = pads({ k, p, d });
    return Math.floor((n + low + high - d * (k - 1) - 1) / s) + 1;
  }

  // The same with the numbers written out.
  function formula(v) {
    const { kind, n, k, s, p, d, op } = v;
    const result = size(v);
    if (kind === "transposed") {
      return `(${n} − 1)·${s} − 2·${p} + ${d}·(${k} − 1) + ${op} + 1 = ${result}`;
    }
    const [low, high] = pads(v);
    const padding = low === high ? `2·${low}` : `${low} + ${high}`;
    return `⌊(${n} + ${padding} − ${d}·(${k} − 1) − 1) / ${s}⌋ + 1 = ${result}`;
  }

  // Where a padded position i of the input takes its value: an index, or null for a zero.
  function source(i, n, mode) {
    if (i >= 0 && i < n) return i;
    if (mode === "reflect") return i < 0 ? -i : 2 * (n - 1) - i;
    if (mode === "replicate") return i < 0 ? 0 : n - 1;
    if (mode === "circular") return (i + n) % n;
    return null;
  }

  // For one placement o of the kernel: for each tap its position i, and what is there. In a
  // convolution o is an output and `at` the input that is read (null: a zero); in a transposed one o
  // is an input and `at` the output that is added to (null: cropped).
  function taps(v, o) {
    const transposed = v.kind === "transposed";
    const low = transposed ? v.p : pads(v)[0];
    const limit = transposed ? size(v) : v.n;
    return Array.from({ length: v.k }, (_, tap) => {
      const i = o * v.s + tap * v.d - low;
      return { tap, i, at: source(i, limit, transposed ? "zeros" : v.mode) };
    });
  }

  // How many taps land on each output of a transposed convolution.
  function overlaps(v) {
    const counts = Array(Math.max(0, size(v))).fill(0);
    for (let o = 0; o < v.n; o++) {
      for (const { at } of taps(v, o)) if (at !== null) counts[at]++;
    }
    return counts;
  }

  // The layer, as one would write it: pairs where the two axes differ.
  function code(v) {
    const transposed = v.kind === "transposed";
    const written = (key) => {
      const [first, last = first] = sides(v).map((side) => side[key]);
      return first === "same" ? "'same'" : first === last ? `${last}` : `(${first}, ${last})`;
    };
    const parts = [`kernel_size=${written("k")}`];
    if (written("s") !== "1") parts.push(`stride=${written("s")}`);
    if (written("p") !== "0") parts.push(`padding=${written("p")}`);
    if (transposed && written("op") !== "0") parts.push(`output_padding=${written("op")}`);
    if (written("d") !== "1") parts.push(`dilation=${written("d")}`);
    if (!transposed && v.mode !== "zeros") parts.push(`padding_mode='${v.mode}'`);
    return `nn.Conv${transposed ? "Transpose" : ""}${v.axes}d(1, 1, ${parts.join(", ")})`;
  }

  return { sides, pads, refusal, size, formula, source, taps, overlaps, code };
})();

if (typeof module !== "undefined") module.exports = arithmetic;
