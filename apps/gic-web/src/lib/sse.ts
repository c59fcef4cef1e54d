export interface SseMessage {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/**
 * Parser of `text/event-stream` (WHATWG HTML, 9.2.6), fed with pieces of text as they come.
 * EventSource hides keep-alive comments; we want to hear them, because silence means trouble.
 */
export function makeSseParser(onMessage: (message: SseMessage) => void): (text: string) => void {
  let rest = '';
  let id: string | null = null;
  let event = '';
  let data: string[] = [];

  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0) onMessage({ id, event: event || 'message', data: data.join('\n') });
      event = '';
      data = [];
      return;
    }
    if (text.startsWith(':')) return;
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
    else if (field === 'event') event = value;
  };

  return (text) => {
    rest += text;
    // A lone CR at the end may be half of CRLF: wait for the next piece.
    for (;;) {
      const match = /\r\n|\n|\r(?!$)/.exec(rest);
      if (match === null) return;
      line(rest.slice(0, match.index));
      rest = rest.slice(match.index + match[0].length);
    }
  };
}
