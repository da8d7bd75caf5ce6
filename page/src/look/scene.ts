import {
  AmbientLight,
  BoxGeometry,
  BufferAttribute,
  BufferGeometry,
  Color,
  DirectionalLight,
  InstancedMesh,
  LineBasicMaterial,
  LineSegments,
  Matrix4,
  MeshLambertMaterial,
  PerspectiveCamera,
  Raycaster,
  Scene as Space,
  Vector2,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import type { Slab } from "./cubes";

/** A cube: which call, and the how-manieth of it. */
export interface Cube {
  readonly call: number;
  readonly index: number;
}

/** A line from one cube to another in some color. */
export interface Edge {
  readonly from: Cube;
  readonly to: Cube;
  readonly color: string;
}

/** The cubes of all calls in space: one instanced mesh for each call, drawn only when something has changed. */
export class Scene {
  readonly #renderer: WebGLRenderer;
  readonly #space = new Space();
  readonly #camera = new PerspectiveCamera(40, 1, 1, 4000);
  readonly #controls: OrbitControls;
  readonly #meshes: InstancedMesh[];
  readonly #edges = new LineSegments(new BufferGeometry(), new LineBasicMaterial({ vertexColors: true }));
  #asked = 0;

  constructor(
    canvas: HTMLCanvasElement,
    readonly slabs: readonly Slab[],
  ) {
    this.#renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.#renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    this.#controls = new OrbitControls(this.#camera, canvas);
    this.#controls.addEventListener("change", () => this.draw());
    const light = new DirectionalLight(0xffffff, 1.1);
    light.position.set(-1, 2, 3);
    this.#meshes = slabs.map(meshOf);
    this.#space.add(...this.#meshes, this.#edges, light, new AmbientLight(0xffffff, 2));
    this.reset();
  }

  /** Give every cube of a call its color, each part from 0 to 255. */
  paint(call: number, colorOf: (cube: number) => readonly number[]): void {
    const mesh = this.#meshes[call];
    const color = new Color();
    for (let i = 0; i < mesh.count; i++) {
      const [red, green, blue] = colorOf(i);
      mesh.setColorAt(i, color.setRGB(red / 255, green / 255, blue / 255, "srgb"));
    }
    mesh.instanceColor!.needsUpdate = true;
    this.draw();
  }

  show(call: number, visible: boolean): void {
    this.#meshes[call].visible = visible;
    this.draw();
  }

  connect(edges: readonly Edge[]): void {
    const points = new Float32Array(edges.length * 6);
    const colors = new Float32Array(edges.length * 6);
    edges.forEach(({ from, to, color }, i) => {
      points.set(this.#at(from), 6 * i);
      points.set(this.#at(to), 6 * i + 3);
      const { r, g, b } = new Color(color);
      colors.set([r, g, b, r, g, b], 6 * i);
    });
    this.#edges.geometry.dispose();
    this.#edges.geometry = new BufferGeometry();
    this.#edges.geometry.setAttribute("position", new BufferAttribute(points, 3));
    this.#edges.geometry.setAttribute("color", new BufferAttribute(colors, 3));
    this.draw();
  }

  /** The cube under a point of the canvas, given from -1 to 1 in both directions. */
  pick(x: number, y: number): Cube | null {
    const ray = new Raycaster();
    ray.setFromCamera(new Vector2(x, y), this.#camera);
    const [hit] = ray.intersectObjects(this.#meshes.filter(({ visible }) => visible));
    return hit?.instanceId === undefined
      ? null
      : { call: this.#meshes.indexOf(hit.object as InstancedMesh), index: hit.instanceId };
  }

  /** Turn around the middle by some part of a full turn. */
  turn(share: number): void {
    const offset = this.#camera.position.clone().sub(this.#controls.target);
    this.#camera.position.copy(
      offset.applyAxisAngle(new Vector3(0, 1, 0), share * 2 * Math.PI).add(this.#controls.target),
    );
    this.#controls.update();
    this.draw();
  }

  zoom(factor: number): void {
    const offset = this.#camera.position.clone().sub(this.#controls.target);
    this.#camera.position.copy(offset.multiplyScalar(factor).add(this.#controls.target));
    this.#controls.update();
    this.draw();
  }

  reset(): void {
    const middle = (this.slabs.at(-1)!.positions[0] ?? 0) / 2;
    this.#controls.target.set(middle, 0, 0);
    const far = Math.max(70, middle);
    this.#camera.position.set(middle - far, 0.5 * far, 1.3 * far);
    this.#controls.update();
    this.draw();
  }

  resize(width: number, height: number): void {
    this.#renderer.setSize(width, height, false);
    this.#camera.aspect = width / height;
    this.#camera.updateProjectionMatrix();
    this.draw();
  }

  /** Draw in the next frame, once however often it was asked. */
  draw(): void {
    if (this.#asked) return;
    this.#asked = requestAnimationFrame(() => {
      this.#asked = 0;
      this.#renderer.render(this.#space, this.#camera);
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.#asked);
    this.#controls.dispose();
    this.#edges.geometry.dispose();
    this.#meshes.forEach((mesh) => mesh.dispose());
    this.#renderer.dispose();
  }

  #at({ call, index }: Cube): Float32Array {
    return this.slabs[call].positions.subarray(3 * index, 3 * index + 3);
  }
}

function meshOf({ count, side, positions }: Slab): InstancedMesh {
  const mesh = new InstancedMesh(
    new BoxGeometry(side * 0.92, side * 0.92, side * 0.92),
    new MeshLambertMaterial(),
    count,
  );
  const matrix = new Matrix4();
  for (let i = 0; i < count; i++)
    mesh.setMatrixAt(i, matrix.makeTranslation(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]));
  return mesh;
}
