import { expect, test } from "vitest";
import { canRun } from "../src/lib/calls";
import { explain } from "../src/lib/explain";
import { resultOf } from "../src/lib/explanation";
import { readManifest, type Manifest } from "../src/lib/manifest";
import { byActivity, Network, quantile, rangeOf, runNetwork } from "../src/lib/network";
import { mapShape, tensor, type Tensor } from "../src/lib/tensor";
import stored from "./networks.json";

type Case = { manifest: unknown; weights: number[]; pixels: number[]; outputs: number[][] };
const CASES = stored as unknown as Record<string, Case>;
const names = Object.keys(CASES);
const never = (): Promise<Tensor> => Promise.reject(new Error("nothing is missing"));

async function run(name: string): Promise<{ network: Network; tensors: Tensor[]; outputs: number[][] }> {
  const { manifest, weights, pixels, outputs } = CASES[name];
  const network = new Network(readManifest(manifest), Float32Array.from(weights));
  const tensors = await runNetwork(network, network.normalize(Uint8Array.from(pixels)), never);
  return { network, tensors, outputs };
}

test.each(names)("every number inside %s is what PyTorch computes", async (name) => {
  const { network, tensors, outputs } = await run(name);
  network.calls.forEach((call, i) => {
    expect(tensors[i].shape, call.name).toEqual(call.shape);
    tensors[i].data.forEach((value, at) => expect(value, `${call.name} ${at}`).toBeCloseTo(outputs[i][at], 4));
  });
});

test("a network that receives brightness alone gets weighted sums of the colors", () => {
  const manifest = structuredClone(CASES["tiny vgg"].manifest) as Manifest;
  const images = { channels: 3, height: 1, width: 2, weights: [[0.5, 0.25, 0, 0.1]], mean: [0.2], std: [0.5] };
  const network = new Network({ ...manifest, images }, Float32Array.from(CASES["tiny vgg"].weights));
  const received = network.normalize(Uint8Array.from([255, 0, 51, 102, 255, 255]));
  expect(received.shape).toEqual([1, 1, 2]);
  expect(received.data[0]).toBeCloseTo((0.5 + 0.25 * 0.2 + 0.1 - 0.2) / 0.5, 6);
  expect(received.data[1]).toBeCloseTo((0.25 * 0.4 + 0.1 - 0.2) / 0.5, 6);
  expect(network.brightness(received.data[0], 0)).toBeCloseTo(0.65, 6);
});

test.each(names)(
  "every number inside %s is explained by terms that give it and that lie where they say",
  async (name) => {
    const { network, tensors } = await run(name);
    for (const call of network.calls.slice(1)) {
      const [channels, height, width] = mapShape(call.shape);
      for (let at = 0; at < channels * height * width; at++) {
        const place = {
          call: call.id,
          channel: Math.floor(at / (height * width)),
          y: Math.floor(at / width) % height,
          x: at % width,
        };
        const explanation = explain(network, tensors, place);
        expect(resultOf(explanation), `${call.name} ${at}`).toBeCloseTo(tensors[call.id].data[at], 4);
        for (const { from, value } of explanation.groups.flatMap(({ terms }) => terms)) {
          if (!from) continue;
          const [, rows, columns] = mapShape(tensors[from.call].shape);
          expect(tensors[from.call].data[(from.channel * rows + from.y) * columns + from.x]).toBe(value);
          expect(call.inputs).toContain(from.call);
        }
      }
    }
  },
);

test("an edited weight changes what lies downstream and nothing else, and the first network stays", async () => {
  const { network, tensors } = await run("tiny vgg");
  const call = network.calls[3];
  const edited = network.edited(call, "weight", 0, 5);
  const again = await runNetwork(edited, tensors[0], never, tensors.slice(0, 3));
  expect(again[2]).toBe(tensors[2]);
  expect([...again[3].data]).not.toEqual([...tensors[3].data]);
  expect(again[3].data.subarray(again[3].data.length / 2)).toEqual(
    tensors[3].data.subarray(tensors[3].data.length / 2),
  );
  expect((await runNetwork(network, tensors[0], never))[3]).toEqual(tensors[3]);
});

test("what the page cannot compute is asked for", async () => {
  const { manifest, weights, pixels, outputs } = CASES["tiny vgg"];
  const told = structuredClone(manifest) as { calls: { kind: string }[] };
  told.calls[4].kind = "opaque";
  const network = new Network(readManifest(told), Float32Array.from(weights));
  const asked: string[] = [];
  const tensors = await runNetwork(network, network.normalize(Uint8Array.from(pixels)), (call) => {
    asked.push(call.name);
    return Promise.resolve(tensor(call.shape, outputs[call.id]));
  });
  expect(asked).toEqual([network.calls[4].name]);
  tensors.at(-1)!.data.forEach((value, i) => expect(value).toBeCloseTo(outputs.at(-1)![i], 4));
  expect(explain(network, tensors, { call: 4, channel: 0, y: 0, x: 0 }).form).toBe("opaque");
});

test("uses that PyTorch computes otherwise are not guessed", () => {
  const call = { ...readManifest(CASES["tiny vgg"].manifest).calls[1] };
  const as = (kind: string, settings: object): boolean =>
    canRun({ ...call, kind, settings: settings as never, weights: {} });
  expect(as("upsample", { mode: "bilinear", align_corners: true })).toBe(false);
  expect(as("elementwise", { function: "gelu" })).toBe(false);
  expect(as("pad", { mode: "reflect", pad: [1, 1, 1, 1] })).toBe(false);
  expect(as("concatenate", { dim: 2 })).toBe(false);
});

test("ranges are those of the unit, the layer or the network, and the most active channel comes first", () => {
  const tensors = [tensor([1, 1, 2], [9, 9]), tensor([2, 1, 2], [1, -2, 3, 0]), tensor([2], [-4, 1])];
  expect([rangeOf("unit", tensors, 1, 0), rangeOf("layer", tensors, 1, 0), rangeOf("network", tensors, 1, 0)]).toEqual([
    2, 3, 4,
  ]);
  expect(rangeOf("unit", tensors, 2, 1)).toBe(4);
  expect(byActivity(tensors[1])).toEqual([1, 0]);
});

test("a manifest of another format, or out of order, is refused with a sentence", () => {
  expect(() => readManifest({ format: 2 })).toThrow("in format 2, and this page reads format 1");
  const manifest = structuredClone(CASES["tiny vgg"].manifest) as Manifest;
  (manifest.calls[1].inputs as number[])[0] = 5;
  expect(() => readManifest(manifest)).toThrow("out of order");
});

test("colors may end where 99 % of the values that are not zero end, whatever the largest is", () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) =>
    i < 800 ? 0 : i === 999 ? -1e6 : (i % 2 ? -1 : 1) * (i - 799),
  );
  expect(quantile(values, 1)).toBe(1e6);
  const end = quantile(values, 0.99); // of 200 values, the two largest may be beyond it
  expect(end).toBeGreaterThanOrEqual(198);
  expect(end).toBeLessThan(198 * 1.01);
  expect(quantile(new Float32Array(8), 0.99)).toBe(0);
  expect(quantile(Float32Array.of(0, 3), 0.99)).toBe(3);
  const of = { shape: [2, 10, 50], data: values };
  expect(rangeOf("layer", [of, of], 1, 0, true)).toBe(end);
  expect(rangeOf("unit", [of, of], 1, 0, true)).toBe(0); // the first unit is zero everywhere
  expect(rangeOf("layer", [of, of], 1, 0)).toBe(1e6);
});

test("a function that the page does not know is not explained", async () => {
  const { network, tensors } = await run(
    names.find((name) => (CASES[name].manifest as Manifest).calls.some(({ kind }) => kind === "relu"))!,
  );
  const { id } = network.calls.find(({ kind }) => kind === "relu")!;
  const calls = network.calls.map((call) =>
    call.id === id ? { ...call, kind: "elementwise", settings: { function: "hardtanh" } } : call,
  );
  const other = new Network(
    { ...network.manifest, calls },
    new Float32Array(),
    network.calls.map((call) => network.weightsOf(call)),
  );
  expect(explain(other, tensors, { call: id, channel: 0, y: 0, x: 0 })).toEqual({ form: "opaque", groups: [] });
});
