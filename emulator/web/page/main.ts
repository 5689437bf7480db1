/** Wires the page. */
import { AddressMapElement } from './address-map.ts';
import { App } from './app.ts';
import { filesOfDrop, filesOfInput } from './drop-files.ts';
import { byId } from './element.ts';
import { RunTimelineElement } from './run-timeline.ts';
import { ScenarioEditor } from './scenario-editor.ts';
import { toggleScheme } from './scheme.ts';
import { TimeChartsElement } from './time-charts.ts';

customElements.define('address-map', AddressMapElement);
customElements.define('time-charts', TimeChartsElement);
customElements.define('run-timeline', RunTimelineElement);

const app = new App();
new ScenarioEditor(
  () => app.scenarioText(),
  (text) => void app.takeScenario(text),
);

function onClick(id: string, act: () => void): void {
  byId(id, HTMLButtonElement).addEventListener('click', act);
}

onClick('first-boot', () => app.runFirst());
onClick('theme', toggleScheme);
onClick('help-button', () => byId('help', HTMLDialogElement).showModal());

for (const [button, input] of [
  ['pick-files', 'files'],
  ['pick-folder', 'folder'],
] as const) {
  const element = byId(input, HTMLInputElement);
  onClick(button, () => element.click());
  element.addEventListener('change', () => void app.take(filesOfInput(element)));
}

addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('dropping');
});
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  if (event.dataTransfer) void filesOfDrop(event.dataTransfer).then((files) => app.take(files));
});

byId('loading', HTMLElement).remove();
app.openLink();

// A page opened from disk has no network to do without, and none may keep files for it.
if ('serviceWorker' in navigator && location.protocol !== 'file:') {
  navigator.serviceWorker.register(new URL('offline.js', import.meta.url)).catch(() => undefined);
}
