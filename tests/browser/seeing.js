// What somebody sees of a page. Run by the debugger, which the page's policy does not bind.

const isSeen = element => element.getClientRects().length > 0;

const colour = text => {
  const [red, green, blue, alpha = 1] = text.match(/[\d.]+/g).map(Number);
  return alpha > 0 ? [red, green, blue] : null;
};

// Relative luminance, and the contrast of two colours (WCAG 2.2).
const luminance = rgb => {
  const [r, g, b] = rgb.map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
};

// The shape of the same drawing on which the middle of a text lies, if it lies on one.
const shapeBehind = text => {
  const box = text.getBoundingClientRect();
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const shapes = [...text.closest('svg').querySelectorAll('rect, circle')];
  return shapes.findLast(shape => {
    const place = shape.getBoundingClientRect();
    const before = shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
    return before && place.left <= x && x <= place.right && place.top <= y && y <= place.bottom;
  });
};

const paper = element => {
  const shape = element.closest('svg') && shapeBehind(element);
  const fill = shape && getComputedStyle(shape).fill;
  if (fill && fill !== 'none') return colour(fill);
  for (let at = element; at; at = at.parentElement) {
    const found = colour(getComputedStyle(at).backgroundColor);
    if (found) return found;
  }
  return [255, 255, 255];
};

// The elements with words of their own that are seen.
const wording = () => [...document.body.querySelectorAll('*')].filter(element =>
  isSeen(element) && !element.closest('title, desc')
  && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));

// Every text that is too faint, and how many were looked at. Large is 24 px, or 18.66 bold.
const faint = () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  const looked = wording();
  const told = looked.map(element => {
    const style = getComputedStyle(element);
    const ink = colour(element.closest('svg') ? style.fill : style.color);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    const ratio = contrast(ink, paper(element));
    return { text: element.textContent.trim().slice(0, 40), ratio, enough: large ? 3 : 4.5 };
  });
  return { looked: told.length, faint: told.filter(text => text.ratio < text.enough) };
};

// What stands out of the window at a side, unless it scrolls in a box of its own.
const overflowing = width => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  const elements = [...document.body.querySelectorAll('*')]
    .filter(element => isSeen(element) && !element.parentElement.closest('.wide, pre'));
  const out = elements.filter(element => {
    const box = element.getBoundingClientRect();
    return box.left < -0.5 || box.right > width + 0.5;
  });
  return {
    page: document.scrollingElement.scrollWidth,
    out: out.map(element => element.outerHTML.slice(0, 120)),
  };
};

// Names on one axis that run into each other, as pairs.
const touching = () => {
  const pairs = [...document.querySelectorAll('svg')].filter(isSeen).flatMap(drawing => {
    const names = [...drawing.querySelectorAll('text:not(.point, .right, .wrong)')].filter(isSeen)
      .map(text => ({ text: text.textContent, box: text.getBoundingClientRect() }));
    return names.flatMap((a, at) => names.slice(at + 1).map(b => [a, b]));
  });
  return pairs.filter(([{ box: a }, { box: b }]) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
    .map(pair => pair.map(name => name.text));
};

// The languages of which words are seen.
const seen = () => [...document.querySelectorAll('main')]
  .filter(main => wording().some(element => main.contains(element))).map(main => main.lang);

// Each element below the switches that has words, and how large these are, in pixels.
const sizes = () => wording().filter(element => element.closest('main'))
  .map(element => [element.textContent, parseFloat(getComputedStyle(element).fontSize)]);
