import { isExcluded } from '../../src/translate/integrations.js'

describe('integrations', () => {
  it.each([
    [undefined, false],
    [null, false],
    ['text', false],
    [{}, false],
    [{ All: true }, false],
    [{ All: false }, true],
    [{ All: false, Dopt: true }, false],
    [{ All: false, Dopt: {} }, false],
    [{ All: false, Dopt: { setting: 1 } }, false],
    [{ All: false, Dopt: false }, true],
    [{ All: true, Dopt: false }, true],
    [{ Dopt: false }, true],
    [{ Dopt: true }, false],
    [{ 'Dopt (Actions)': false }, true],
    [{ 'Dopt (Actions)': true, All: false }, false],
    [{ 'Dopt (Actions)': {}, All: false }, false],
    [{ 'Dopt (Actions)': false, Dopt: true }, true],
    [{ 'Dopt (Actions)': true, Dopt: false }, true],
    [{ 'Dopt (Actions)': { a: 1 }, Dopt: true, All: false }, false],
    [{ All: false, Dopt: null }, true],
    [{ All: false, Dopt: undefined }, true],
    [{ All: false, 'Dopt (Actions)': null }, true],
    [{ All: false, Dopt: null, 'Dopt (Actions)': true }, false],
    [{ All: true, Dopt: null }, false],
    [{ Dopt: null }, false],
    [{ dopt: false }, false],
    [{ DOPT: false, 'dopt (actions)': false, 'Dopt(Actions)': false }, false],
    [{ all: false }, false],
    [{ All: false, dopt: true }, true],
    [{ All: false, Amplitude: true }, true],
    [{ All: true, Amplitude: false }, false],
    [{ 'Actions Dopt': false }, false]
  ])('%j exclude us: %p', (integrations, expected) => {
    expect(isExcluded(integrations)).toBe(expected)
  })

  it('are not asked for names that objects have by nature', () => {
    expect(isExcluded(Object.create({ Dopt: false, All: false }))).toBe(false)
  })
})
