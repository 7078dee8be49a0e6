const MANNERS = ['Brave', 'Calm', 'Curious', 'Gentle', 'Lucky', 'Merry', 'Quiet', 'Quick', 'Sunny', 'Witty'];
const ANIMALS = [
  'Crab',
  'Dolphin',
  'Heron',
  'Limpet',
  'Otter',
  'Pelican',
  'Puffin',
  'Seal',
  'Starfish',
  'Turtle',
];

/** A friendly name such as `Merry Puffin`. */
export function randomName(): string {
  return `${oneOf(MANNERS)} ${oneOf(ANIMALS)}`;
}

/** 96 random bits as text; works on pages that are not a secure context, where `crypto.randomUUID` does not. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), part => part.toString(36)).join('-');
}

function oneOf(words: readonly string[]): string {
  return words[crypto.getRandomValues(new Uint32Array(1))[0] % words.length];
}
