import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { explainMessage } from '../api.ts';
import { Icon } from '../components/icon.tsx';
import { KeyBar } from '../components/keybar.tsx';
import { MessageFields } from '../components/message-fields.tsx';
import { Failure } from '../components/notice.tsx';
import { helpKey, type KeyBinding, useKeys } from '../keys.ts';
import { useTitle } from '../session.ts';
import './explain.css';

type Given = { bytes: BodyInit; size: number; contentType: string };

/** A bench for interface people: what a message would become, field by field, without storing a byte of it. */
export function Explain() {
  const [text, setText] = useState('');
  const [over, setOver] = useState(false);
  const [wrapAll, setWrapAll] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const explaining = useMutation({
    mutationFn: async (given: Given) => ({ view: await explainMessage(given.bytes, given.contentType), size: given.size }),
  });
  useTitle('Explain a message');

  function explainText(given = text) {
    if (given.trim()) explaining.mutate(asSent(given));
  }
  async function explainFile(chosen: File | undefined) {
    if (!chosen) return;
    const bytes = await chosen.arrayBuffer();
    const shown = new TextDecoder().decode(bytes.slice(0, 200_000));
    setText(shown.replaceAll('\r', '\n'));
    explaining.mutate({ bytes, size: bytes.byteLength, contentType: contentTypeOf(shown) });
  }

  const keys: KeyBinding[] = [
    { key: '/', does: 'write or paste', run: () => field.current?.focus(), bar: true },
    { key: 'o', does: 'open a file', run: () => file.current?.click(), bar: true },
    { key: 'b', does: wrapAll ? 'one line a segment' : 'all bytes', run: () => setWrapAll(!wrapAll), bar: true, off: !explaining.data },
  ];
  useKeys(keys);

  return (
    <>
      <main className="scroll explain">
        <div className="pagehead">
          <h1>What would become of a message</h1>
          <p>
            HL7 v2 or FHIR JSON, pasted or dropped. It is read with the maps of this site and forgotten: nothing is stored, sent on or
            acknowledged.
          </p>
        </div>
        <div className="page explain-page">
          {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping has a keyboard equal, the file button */}
          <div
            className={`explain-drop ${over ? 'is-over' : ''}`}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
              event.preventDefault();
              setOver(false);
              void explainFile(event.dataTransfer.files[0]);
            }}
          >
            <textarea
              ref={field}
              className="field mono"
              rows={explaining.data ? 5 : 12}
              spellCheck={false}
              aria-label="Message to explain"
              placeholder={'MSH|^~\\&|LAB|…  or  {"resourceType": …}  — paste here, or drop a file'}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onPaste={(event) => {
                if (text) return;
                const pasted = event.clipboardData.getData('text');
                setTimeout(() => explainText(pasted));
              }}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) explainText();
                if (event.key === 'Escape') field.current?.blur();
              }}
            />
            <div className="explain-acts">
              <button
                type="button"
                className="button primary"
                disabled={!text.trim() || explaining.isPending}
                onClick={() => explainText()}
              >
                Explain <kbd>Ctrl Enter</kbd>
              </button>
              <button type="button" className="button" onClick={() => file.current?.click()}>
                Open a file <kbd>O</kbd>
              </button>
              {text && (
                <button
                  type="button"
                  className="button"
                  onClick={() => {
                    setText('');
                    explaining.reset();
                    field.current?.focus();
                  }}
                >
                  Clear
                </button>
              )}
              <span className="small third">
                Line ends of pasted HL7 are sent as the standard’s carriage return; a file is sent byte for byte.
              </span>
              <input
                ref={file}
                type="file"
                className="unseen"
                tabIndex={-1}
                aria-label="File to explain"
                onChange={(event) => void explainFile(event.target.files?.[0])}
              />
            </div>
          </div>
          {explaining.isPending && <p className="small second">Reading…</p>}
          {explaining.error && <Failure error={explaining.error} what="This message" />}
          {explaining.data && (
            <section aria-label="What it would become">
              {explaining.data.view.rejections.map((one) => (
                <p key={`${one.item} ${one.reason}`} className="explain-refused small">
                  <span className="word withheld strong">
                    <Icon name="warning" />
                    <span>
                      {one.item}: {one.reason.replaceAll('_', ' ')}
                    </span>
                  </span>{' '}
                  <span className="second">{one.detail}</span>
                </p>
              ))}
              <MessageFields view={explaining.data.view} size={explaining.data.size} wrapAll={wrapAll} ackTitle="Would be answered" />
            </section>
          )}
        </div>
      </main>
      <KeyBar keys={[...keys, helpKey]}>
        <span className="second">Nothing on this page is stored.</span>
      </KeyBar>
    </>
  );
}

/** Pasting turns carriage returns into line feeds; HL7 v2 ends segments with the former (HL7 v2.5.1 §2.5.2). */
function asSent(text: string): Given {
  const contentType = contentTypeOf(text);
  const sent = contentType.includes('hl7') ? text.replaceAll(/\r\n|\n/g, '\r') : text;
  return { bytes: sent, size: new TextEncoder().encode(sent).length, contentType };
}

function contentTypeOf(text: string): string {
  const start = text.trimStart();
  if (/^(MSH|FHS|BHS|\u000b)/.test(start)) return 'application/hl7-v2+er7';
  if (start.startsWith('{')) return /^\{.*\}\s*\n\s*\{/.test(start) ? 'application/fhir+ndjson' : 'application/fhir+json';
  return 'application/octet-stream';
}
