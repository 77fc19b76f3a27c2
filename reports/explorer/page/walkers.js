// Weights that walk: no law is used here, only the update rule, and random numbers that the browser draws.

/** Uniform 32-bit integers (xoshiro128**), seeded by the browser. */
function randomBits() {
  const s = crypto.getRandomValues(new Uint32Array(4));
  const turned = (v, k) => (v << k) | (v >>> (32 - k));
  return () => {
    const result = Math.imul(turned(Math.imul(s[1], 5), 7), 9), t = s[1] << 9;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t;
    s[3] = turned(s[3], 11);
    return result >>> 0;
  };
}

/** Unit Gaussians (Marsaglia's polar method). */
function gaussians(bits) {
  let spare = null;
  const uniform = () => bits() / 2147483648 - 1;
  return () => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const u = uniform(), v = uniform(), s = u * u + v * v;
      if (s > 0 && s < 1) {
        const size = Math.sqrt(-2 * Math.log(s) / s);
        spare = v * size;
        return u * size;
      }
    }
  };
}

/** Kicks of either sign, a bit each: SGD's law asks for no more than their variance. */
function coins(bits) {
  let word = 0, left = 0;
  return () => {
    if (left === 0) {
      word = bits();
      left = 32;
    }
    left -= 1;
    const side = word & 1;
    word >>>= 1;
    return side ? 1 : -1;
  };
}

/** So many weights under the same settings, from the same start. */
class Swarm {
  constructor(settings, count) {
    this.settings = settings;
    this.t = 0;
    this.w = new Float64Array(count).fill(settings.start);
    this.first = new Float64Array(count); // SGD's buffer, AdamW's first moment
    this.second = new Float64Array(count); // AdamW's second moment
    const bits = randomBits();
    this.draw = settings.optimizer === "adamw" ? gaussians(bits) : coins(bits);
    this.sigma = 1 / Math.sqrt(settings.n);
    this.noise = Float64Array.from({ length: count }, () => this.sigma * this.draw());
    this.advance = settings.optimizer === "adamw" ? this.adamw : this.sgd;
  }

  /** One step of all weights: PyTorch's SGD, or with decoupled decay. */
  sgd() {
    const { n, lam, eta, momentum, memory, optimizer } = this.settings;
    const decoupled = optimizer === "sgdw", decay = lam / n, fresh = Math.sqrt(1 - memory * memory) * this.sigma;
    for (let i = 0; i < this.w.length; i++) {
      const gradient = this.noise[i] + (decoupled ? 0 : decay * this.w[i]);
      this.first[i] = momentum * this.first[i] + gradient;
      this.w[i] -= eta * ((decoupled ? decay * this.w[i] : 0) + this.first[i]);
      this.noise[i] = memory * this.noise[i] + fresh * this.draw();
    }
    this.t += 1;
  }

  /** One step of all weights: PyTorch's AdamW. */
  adamw() {
    const { n, lam, eta, beta1, beta2 } = this.settings;
    this.t += 1;
    const left = 1 - eta * lam / n, one = 1 - beta1 ** this.t, two = 1 - beta2 ** this.t;
    for (let i = 0; i < this.w.length; i++) {
      const gradient = this.sigma * this.draw();
      this.first[i] = beta1 * this.first[i] + (1 - beta1) * gradient;
      this.second[i] = beta2 * this.second[i] + (1 - beta2) * gradient * gradient;
      this.w[i] = left * this.w[i] - eta * (this.first[i] / one) / Math.sqrt(this.second[i] / two);
    }
  }

  /** Root mean square of the weights, and its standard error. */
  rms() {
    const squares = this.w.map((w) => w * w), count = squares.length;
    const mean = squares.reduce((a, b) => a + b) / count;
    const spread = squares.reduce((sum, square) => sum + (square - mean) ** 2, 0) / (count - 1);
    return { value: Math.sqrt(mean), error: Math.sqrt(spread / count) / (2 * Math.sqrt(mean)) };
  }
}
