// The view of the guide. It has the focus, so that keys scroll it.

export function mount(view) {
  view.focus({ preventScroll: true });
  return {};
}
