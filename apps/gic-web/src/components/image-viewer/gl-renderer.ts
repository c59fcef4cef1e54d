import type { Theme } from '../../lib/theme.ts';
import { asinhStrength, histogramTable, logStrength, type Ramp, type Stretch, stretches } from './levels.ts';
import { type Level, levelFor, tileSize } from './pyramid.ts';
import { rampTable } from './ramps.ts';
import { emptyColour, maskColour, maskOpacity, maskPlanes, type Picture, type Renderer } from './render-types.ts';
import { type Affine, apply, imageToScreen, invert, type Size } from './transform.ts';

// A tile is a quad in edge coordinates of the full image (pixel i covers [i, i + 1]); the fragment shader finds its texel with floor(),
// never with a filter, so the value under a screen pixel is the value of exactly one pixel of the level.
const vertexSource = `#version 300 es
precision highp float;
in vec2 corner;
uniform vec4 edges;      // x0, y0, x1, y1 of the tile
uniform mat3 toClip;     // pixel coordinates (centres at integers) to clip space
uniform float block;
uniform vec2 origin;     // first texel of the tile
out vec2 texel;
void main() {
  vec2 edge = mix(edges.xy, edges.zw, corner);
  texel = edge / block - origin;
  gl_Position = vec4((toClip * vec3(edge - 0.5, 1.0)).xy, 0.0, 1.0);
}`;

const fragmentSource = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
in vec2 texel;
uniform sampler2D image;
uniform usampler2D mask;
uniform sampler2D ramp;
uniform sampler2D table;
uniform vec2 limits;
uniform int stretch;
uniform uint maskBits;
uniform vec3 maskColours[${maskPlanes.length}];
uniform vec3 blank;
out vec4 colour;
void main() {
  ivec2 size = textureSize(image, 0);
  ivec2 at = clamp(ivec2(floor(texel)), ivec2(0), size - 1);
  float value = texelFetch(image, at, 0).r;
  vec3 shown;
  if (value < -3.0e38) {
    shown = blank;
  } else {
    float t = clamp((value - limits.x) / (limits.y - limits.x), 0.0, 1.0);
    if (stretch == 1) t = asinh(${asinhStrength.toFixed(1)} * t) / asinh(${asinhStrength.toFixed(1)});
    else if (stretch == 2) t = log(1.0 + ${logStrength.toFixed(1)} * t) / log(1.0 + ${logStrength.toFixed(1)});
    else if (stretch == 3) t = sqrt(t);
    else if (stretch == 4) t = texelFetch(table, ivec2(int(t * 1023.0 + 0.5), 0), 0).r;
    shown = texelFetch(ramp, ivec2(int(t * 255.0 + 0.5), 0), 0).rgb;
  }
  if (maskBits != 0u) {
    uint bits = texelFetch(mask, clamp(at, ivec2(0), textureSize(mask, 0) - 1), 0).r & maskBits;
    for (int i = 0; i < ${maskPlanes.length}; i++) {
      if ((bits & (1u << uint(i))) != 0u) {
        shown = mix(shown, maskColours[i], ${maskOpacity.toFixed(2)});
        break;
      }
    }
  }
  colour = vec4(shown, 1.0);
}`;

/** What stands for NaN in a texture: compilers may assume that a float equals itself. */
const blankValue = -3.4e38;
/** Tiles kept on the card: 1 MiB each. */
const keptTiles = 140;
/** Tiles uploaded per drawn frame, so that panning stays smooth. */
const uploadsPerFrame = 6;

interface Tile {
  readonly image: WebGLTexture;
  readonly mask: WebGLTexture | null;
  usedAt: number;
}

/** Draws with WebGL2: stretch, limits, ramp and mask change without touching the pixels again. null where WebGL2 is absent. */
export function makeGlRenderer(canvas: HTMLCanvasElement): Renderer | null {
  const gl = canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false, powerPreference: 'low-power' });
  if (gl === null) return null;
  const program = link(gl);
  if (program === null) return null;
  const at = (name: string) => gl.getUniformLocation(program, name);
  const uniforms = {
    edges: at('edges'),
    toClip: at('toClip'),
    block: at('block'),
    origin: at('origin'),
    limits: at('limits'),
    stretch: at('stretch'),
    maskBits: at('maskBits'),
    blank: at('blank'),
    maskColours: at('maskColours'),
  };
  // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's name, not a hook of React
  gl.useProgram(program);
  for (const [unit, name] of ['image', 'mask', 'ramp', 'table'].entries()) gl.uniform1i(at(name), unit);
  const buffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, Float32Array.of(0, 0, 1, 0, 0, 1, 1, 1), gl.STATIC_DRAW);
  const corner = gl.getAttribLocation(program, 'corner');
  gl.enableVertexAttribArray(corner);
  gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);

  const tiles = new Map<string, Tile>();
  const noMask = makeTexture(gl, gl.R16UI, 1, 1, gl.RED_INTEGER, gl.UNSIGNED_SHORT, Uint16Array.of(0));
  const ramp = gl.createTexture();
  const table = gl.createTexture();
  let rampIs = '';
  let tableIs = '';
  let frame = 0;

  const setRamp = (name: Ramp, theme: Theme) => {
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D, ramp);
    if (rampIs === `${name} ${theme}`) return;
    rampIs = `${name} ${theme}`;
    nearest(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, rampTable(name, theme));
  };
  const setTable = (picture: Picture, lo: number, hi: number, stretch: Stretch) => {
    gl.activeTexture(gl.TEXTURE3);
    gl.bindTexture(gl.TEXTURE_2D, table);
    const id = stretch === 'histogram' ? `${picture.id} ${lo} ${hi}` : 'none';
    if (tableIs === id) return;
    tableIs = id;
    const values = stretch === 'histogram' ? histogramTable(picture.sorted, lo, hi) : new Float32Array(1024);
    nearest(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R32F, 1024, 1, 0, gl.RED, gl.FLOAT, values);
  };

  return {
    kind: 'webgl2',
    draw(picture, view, look, box, ratio) {
      frame++;
      const [width, height] = [Math.round(box.width * ratio), Math.round(box.height * ratio)];
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      gl.viewport(0, 0, width, height);
      const [r, g, b] = emptyColour(look);
      gl.clearColor(r / 255, g / 255, b / 255, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const affine = imageToScreen(view, box);
      gl.uniformMatrix3fv(uniforms.toClip, false, clipMatrix(affine, box));
      gl.uniform2f(uniforms.limits, look.lo, look.hi);
      gl.uniform1i(uniforms.stretch, stretches.indexOf(look.stretch));
      gl.uniform1ui(uniforms.maskBits, picture.mask === null ? 0 : look.maskBits);
      gl.uniform3fv(
        uniforms.maskColours,
        maskPlanes.flatMap((plane) => [...maskColour(plane.bit, look.theme)!]),
      );
      gl.uniform3fv(
        uniforms.blank,
        look.theme === 'dome' ? [0.08, 0, 0] : look.ramp === 'inverted' ? [0.85, 0.88, 0.93] : [0.09, 0.12, 0.2],
      );
      setRamp(look.ramp, look.theme);
      setTable(picture, look.lo, look.hi, look.stretch);
      // The coarsest level first, whole: it stands in for tiles that are not uploaded yet.
      const chosen = levelFor(picture.levels, view.scale * ratio);
      let budget = uploadsPerFrame;
      let wanting = false;
      for (const index of new Set([picture.levels.length - 1, chosen])) {
        for (const tile of visibleTiles(picture.levels[index]!, affine, box)) {
          const key = `${picture.id}/${index}/${tile.tx}/${tile.ty}`;
          let stored = tiles.get(key);
          if (stored === undefined) {
            if (budget <= 0) {
              wanting = true;
              continue;
            }
            budget--;
            stored = upload(gl, picture, index, tile.tx, tile.ty, frame);
            tiles.set(key, stored);
          }
          stored.usedAt = frame;
          gl.activeTexture(gl.TEXTURE0);
          gl.bindTexture(gl.TEXTURE_2D, stored.image);
          gl.activeTexture(gl.TEXTURE1);
          gl.bindTexture(gl.TEXTURE_2D, stored.mask ?? noMask);
          const { block } = picture.levels[index]!;
          const [x0, y0] = [tile.tx * tileSize * block, tile.ty * tileSize * block];
          gl.uniform4f(
            uniforms.edges,
            x0,
            y0,
            Math.min(picture.size.width, x0 + tileSize * block),
            Math.min(picture.size.height, y0 + tileSize * block),
          );
          gl.uniform1f(uniforms.block, block);
          gl.uniform2f(uniforms.origin, tile.tx * tileSize, tile.ty * tileSize);
          gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
        }
      }
      evict(gl, tiles);
      return wanting;
    },
    dispose() {
      for (const tile of tiles.values()) drop(gl, tile);
      tiles.clear();
      gl.deleteProgram(program);
      gl.deleteBuffer(buffer);
    },
  };
}

/** Column-major matrix from pixel coordinates to clip space. */
function clipMatrix([a, b, c, d, e, f]: Affine, box: Size): Float32Array {
  const [sx, sy] = [2 / box.width, -2 / box.height];
  return Float32Array.of(a * sx, b * sy, 0, c * sx, d * sy, 0, e * sx - 1, f * sy + 1, 1);
}

function visibleTiles(level: Level, affine: Affine, box: Size): { tx: number; ty: number }[] {
  const inverse = invert(affine);
  const corners = [
    apply(inverse, 0, 0),
    apply(inverse, box.width, 0),
    apply(inverse, 0, box.height),
    apply(inverse, box.width, box.height),
  ];
  const side = tileSize * level.block;
  const range = (values: number[], count: number): [number, number] => [
    Math.max(0, Math.floor((Math.min(...values) + 0.5) / side)),
    Math.min(Math.ceil(count / tileSize) - 1, Math.floor((Math.max(...values) + 0.5) / side)),
  ];
  const [x0, x1] = range(
    corners.map(([x]) => x),
    level.width,
  );
  const [y0, y1] = range(
    corners.map(([, y]) => y),
    level.height,
  );
  const found: { tx: number; ty: number }[] = [];
  for (let ty = y0; ty <= y1; ty++) for (let tx = x0; tx <= x1; tx++) found.push({ tx, ty });
  return found;
}

function upload(gl: WebGL2RenderingContext, picture: Picture, index: number, tx: number, ty: number, usedAt: number): Tile {
  const level = picture.levels[index]!;
  const values = cut(level, tx, ty, new Float32Array(tileSize * tileSize));
  for (let i = 0; i < values.data.length; i++) if (!Number.isFinite(values.data[i]!)) values.data[i] = blankValue;
  gl.activeTexture(gl.TEXTURE0);
  const image = makeTexture(gl, gl.R32F, values.width, values.height, gl.RED, gl.FLOAT, values.data);
  const maskLevel = picture.mask?.[index];
  if (maskLevel === undefined) return { image, mask: null, usedAt };
  const bits = cut(maskLevel, tx, ty, new Uint16Array(tileSize * tileSize));
  gl.activeTexture(gl.TEXTURE1);
  return {
    image,
    mask: makeTexture(gl, gl.R16UI, bits.width, bits.height, gl.RED_INTEGER, gl.UNSIGNED_SHORT, bits.data),
    usedAt,
  };
}

/** The part of a level that a tile shows. */
function cut<T extends Float32Array | Uint16Array>(
  level: Level<T>,
  tx: number,
  ty: number,
  room: T,
): { width: number; height: number; data: T } {
  const [x0, y0] = [tx * tileSize, ty * tileSize];
  const [width, height] = [Math.min(tileSize, level.width - x0), Math.min(tileSize, level.height - y0)];
  for (let y = 0; y < height; y++) {
    const from = (y0 + y) * level.width + x0;
    room.set(level.data.subarray(from, from + width) as never, y * width);
  }
  return { width, height, data: room.subarray(0, width * height) as T };
}

function makeTexture(
  gl: WebGL2RenderingContext,
  format: number,
  width: number,
  height: number,
  layout: number,
  type: number,
  data: ArrayBufferView,
): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  nearest(gl);
  gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, layout, type, data as ArrayBufferView<ArrayBuffer>);
  return texture;
}

function nearest(gl: WebGL2RenderingContext): void {
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
}

function evict(gl: WebGL2RenderingContext, tiles: Map<string, Tile>): void {
  if (tiles.size <= keptTiles) return;
  const oldest = [...tiles].sort((a, b) => a[1].usedAt - b[1].usedAt).slice(0, tiles.size - keptTiles);
  for (const [key, tile] of oldest) {
    drop(gl, tile);
    tiles.delete(key);
  }
}

function drop(gl: WebGL2RenderingContext, tile: Tile): void {
  gl.deleteTexture(tile.image);
  gl.deleteTexture(tile.mask);
}

function link(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertexSource],
    [gl.FRAGMENT_SHADER, fragmentSource],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
