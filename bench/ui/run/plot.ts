import { median, type Outcome } from './ways.ts';

const WIDTH = 720;
const LEFT = 150;
const ROW = 22;

/** Bars of what counts, as SVG, readable on light and dark. */
export function plot(ways: readonly { name: string; of: readonly Outcome[] }[], rate: number): string {
  const panels: [title: string, key: keyof Outcome][] = [
    ['script, ms of each second', 'script'],
    ['publish to painted frame, p95, ms', 'p95'],
    ['age of what is shown, mean, ms', 'age'],
  ];
  const height = 34 + panels.length * (ways.length * ROW + 44);
  let y = 24;
  const parts = [`<text x="12" y="${y}" font-weight="600">500 rows, ${rate} updates a second</text>`];
  for (const [title, key] of panels) {
    const values = ways.map(({ of }) => median(of.map(one => one[key] as number)));
    const most = Math.max(...values);
    y += 28;
    parts.push(`<text x="12" y="${y}">${title}</text>`);
    y += 8;
    ways.forEach(({ name }, place) => {
      const value = values[place]!;
      const length = ((WIDTH - LEFT - 70) * value) / most;
      const colour = name === 'Tidewire' ? '#2f7ed8' : '#8a8a8a';
      parts.push(`<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${name}</text>`);
      parts.push(
        `<rect x="${LEFT}" y="${y + 4}" width="${length.toFixed(1)}" height="14" fill="${colour}"/>`,
      );
      parts.push(
        `<text x="${(LEFT + length + 6).toFixed(1)}" y="${y + 15}">${value.toFixed(value < 100 ? 1 : 0)}</text>`,
      );
      y += ROW;
    });
  }
  const style = 'text { font: 12px system-ui, sans-serif; fill: #808890 }';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"><style>${style}</style>\n${parts.join('\n')}\n</svg>\n`;
}
