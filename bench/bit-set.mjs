/** Which whole numbers from 0 were added: one bit each, so that five million events take less than a megabyte. */
export class BitSet {
  #bytes = new Uint8Array(1024)
  size = 0

  add(number) {
    const place = number >> 3
    if (place >= this.#bytes.length) this.#grow(place)
    const bit = 1 << (number & 7)
    if ((this.#bytes[place] & bit) !== 0) return
    this.#bytes[place] |= bit
    this.size++
  }

  #grow(place) {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, place + 1))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}
