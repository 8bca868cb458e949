// Names of CMS files, made of names of files here and the other way round.

const PART = /[^A-Z0-9$#@+\-_:]/g;

// FN FT FM for a file name such as notes.txt.
export function cmsName(name) {
  const base = name.split(/[\\/]/).pop().toUpperCase();
  const dot = base.lastIndexOf(".");
  const part = (text, otherwise) => text.replace(PART, "").slice(0, 8) || otherwise;
  return dot > 0 ? `${part(base.slice(0, dot), "FILE")} ${part(base.slice(dot + 1), "DATA")} A` : `${part(base, "FILE")} DATA A`;
}

// The words of a CMS file's name, the disk A if there is none; null if it is none.
export function cmsWords(text) {
  const words = text.trim().toUpperCase().split(/\s+/);
  if (words.length === 2) words.push("A");
  if (words.length !== 3 || words.slice(0, 2).some((word) => word.length > 8 || !word || word.replace(PART, "") !== word)) {
    return null;
  }
  return /^[A-Z][0-6]?$/.test(words[2]) ? words : null;
}

// A name for a file here.
export function localName(words, text) {
  const clean = (word) => word.toLowerCase().replace(/[^a-z0-9$#@+\-_]/g, "_");
  return `${clean(words[0])}.${clean(words[1])}${text || words[1] !== "DATA" ? "" : ".bin"}`;
}
