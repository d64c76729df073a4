import { type JsonObject, primitiveText } from './json.ts';

/** The words of an Attachment with inline text data; undefined for other content types and for data that is not base64. */
export function attachmentText(value: JsonObject): string | undefined {
  const data = primitiveText(value['data']);
  const type = primitiveText(value['contentType']) ?? '';
  if (data === undefined || !/^text\//i.test(type)) return undefined;
  return decodeCharset(Buffer.from(data, 'base64'));
}

/** Bytes as text: UTF-8 where they are valid UTF-8, else windows-1252, the one other charset that text attachments come in. */
export function decodeCharset(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return windows1252.decode(bytes);
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const windows1252 = new TextDecoder('windows-1252');
